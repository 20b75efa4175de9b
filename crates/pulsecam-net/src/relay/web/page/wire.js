// The relay's wire format: one message in each binary message of the WebSocket. See docs/protocol.md.

/** Numbers of the message types. */
export const Kind = Object.freeze({
  text: 1, image: 2, video: 3, heartbeat: 100, challenge: 101, response: 102, welcome: 103, receipt: 104,
});

/** Length of a null string or array. */
const NULL = 0xffffffff;

/** Bytes of a message around its description and its payload. */
const FRAMING = 16;

const decoder = new TextDecoder('utf-16be');
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @typedef {object} Message
 * @property {number} kind
 * @property {string} description
 * @property {Uint8Array<ArrayBuffer>} payload empty if it is null
 */

/** A message that breaks the format. */
export class WireError extends Error {}

/**
 * Writes text as UTF-16, with lone surrogates as they are.
 * @param {DataView} view
 * @param {number} at
 * @param {string} text
 */
function putText(view, at, text) {
  for (let i = 0; i < text.length; i++) view.setUint16(at + 2 * i, text.charCodeAt(i));
}

/**
 * Builds a message.
 * @param {number} kind
 * @param {string} description
 * @param {Uint8Array | null} payload
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encode(kind, description, payload) {
  const text = 2 * description.length;
  const bytes = new Uint8Array(FRAMING + text + (payload?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4);
  view.setUint32(4, kind);
  view.setUint32(8, text);
  putText(view, 12, description);
  view.setUint32(12 + text, payload ? payload.length : NULL);
  if (payload) bytes.set(payload, FRAMING + text);
  return bytes;
}

/**
 * Parses a message. The payload shares the buffer.
 * @param {ArrayBuffer} buffer
 * @returns {Message}
 */
export function decode(buffer) {
  const view = new DataView(buffer);
  let at = 8;
  /** @returns {Uint8Array<ArrayBuffer>} */
  const part = () => {
    if (at + 4 > buffer.byteLength) throw new WireError('a length is missing');
    const length = view.getUint32(at);
    at += 4;
    if (length === NULL) return new Uint8Array();
    if (length > buffer.byteLength - at) throw new WireError('a length reaches past the end');
    at += length;
    return new Uint8Array(buffer, at - length, length);
  };
  if (buffer.byteLength < FRAMING || view.getUint32(0) !== buffer.byteLength - 4) {
    throw new WireError('the size is wrong');
  }
  const text = part();
  if (text.length % 2) throw new WireError('half a character');
  const payload = part();
  if (at !== buffer.byteLength) throw new WireError('bytes are left over');
  return { kind: view.getInt32(4), description: decoder.decode(text), payload };
}

/**
 * A payload with one QString.
 * @param {string} text
 */
export function textPayload(text) {
  const bytes = new Uint8Array(4 + 2 * text.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 2 * text.length);
  putText(view, 4, text);
  return bytes;
}

/**
 * Reads a text: a QString, or raw UTF-8 alone or behind a length. `null` if it is neither.
 * @param {Uint8Array<ArrayBuffer>} payload
 */
export function readText(payload) {
  if (payload.length === 0) return '';
  if (payload.length >= 4) {
    const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    const rest = payload.subarray(4);
    if (length === NULL && rest.length === 0) return '';
    if (length === rest.length) {
      if (length % 2 === 0) return decoder.decode(rest);
      return readUtf8(rest);
    }
  }
  return readUtf8(payload);
}

/** @param {Uint8Array} bytes */
function readUtf8(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * A description with attributes; those without a value are left out.
 * @param {string} beginning
 * @param {Record<string, string | number | null | undefined>} values
 */
export function describe(beginning, values) {
  let text = beginning;
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) text += `; ${key}=${escape(String(value))}`;
  }
  return text;
}

/** @param {string} value */
function escape(value) {
  // Control characters are exactly what has to be escaped.
  // eslint-disable-next-line no-control-regex
  return value.replace(/[;%\u0000-\u001f\u007f-\u009f]|^ | $/g, (c) => {
    const bytes = new TextEncoder().encode(c);
    return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
  });
}

/**
 * The attributes of a description; the last of several with one key counts.
 * @param {string} description
 * @returns {Map<string, string>}
 */
export function attributes(description) {
  const map = new Map();
  for (const part of description.split(';').slice(1)) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    map.set(part.slice(0, equals).trim(), unescape(part.slice(equals + 1).trim()));
  }
  return map;
}

/** @param {string} value */
function unescape(value) {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * A number among attributes; `null` if it is missing or none.
 * @param {Map<string, string>} map
 * @param {string} key
 */
export function number(map, key) {
  const value = map.get(key);
  return value !== undefined && /^-?\d{1,20}$/.test(value) ? Number(value) : null;
}

/**
 * The number of the sender's connection, which the relay writes at the very end; text elsewhere means nothing.
 * @param {string} description
 */
export function peerNumber(description) {
  const found = /; peer=(\d{1,20})$/.exec(description);
  return found ? found[1] : null;
}
