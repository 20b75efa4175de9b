// The engine as a worker.

import { Engine } from './engine.js';

/** @type {Engine | null} */
let engine = null;

/** @param {MessageEvent<import('./engine.js').Command>} event */
self.onmessage = ({ data }) => {
  if (data.do === 'open') {
    engine = new Engine(data, (event, transfer) => self.postMessage(event, { transfer }));
  } else {
    engine?.execute(data);
  }
};
