// Starts the engine: in a worker if the browser can draw in one, else in the page.

/** How long the worker may take to say its first word, in ms, before the page does its work. */
const WITHIN = 5_000;

/**
 * @typedef {(command: import('./engine.js').Command, transfer?: Transferable[]) => void} Execute
 * @typedef {{execute: Execute, offscreen: boolean}} Host
 */

/**
 * @param {Extract<import('./engine.js').Command, {do: 'open'}>} open
 * @param {(event: import('./engine.js').Event) => void} listen
 * @returns {Promise<Host>}
 */
export async function start(open, listen) {
  const canDraw = typeof Worker !== 'undefined' && 'transferControlToOffscreen' in HTMLCanvasElement.prototype;
  if (canDraw && !new URLSearchParams(location.search).has('no-worker')) {
    const worker = await working(open, listen);
    if (worker) {
      const execute = /** @type {Execute} */ ((command, transfer) => worker.postMessage(command, transfer ?? []));
      return { execute, offscreen: true };
    }
  }
  const { Engine } = await import('./engine.js');
  const engine = new Engine(open, listen);
  return { execute: (command) => { if (command.do !== 'open') engine.execute(command); }, offscreen: false };
}

/**
 * A worker that has begun; `null` if this browser's cannot.
 * @param {import('./engine.js').Command} open
 * @param {(event: import('./engine.js').Event) => void} listen
 * @returns {Promise<Worker | null>}
 */
function working(open, listen) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    const fail = () => {
      worker.terminate();
      resolve(null);
    };
    const late = setTimeout(fail, WITHIN);
    worker.onerror = (event) => {
      event.preventDefault();
      fail();
    };
    worker.onmessage = ({ data }) => {
      clearTimeout(late);
      worker.onerror = null;
      resolve(worker);
      // After the caller knows the worker.
      worker.onmessage = (event) => listen(event.data);
      setTimeout(() => listen(data));
    };
    worker.postMessage(open);
  });
}
