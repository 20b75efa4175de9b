// What the page's address says.

/** The stream of `/view/NAME`; `null` at other addresses. @param {string} path */
export function nameOf(path) {
  const found = /^\/view\/(.+)$/.exec(path);
  if (!found) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

/** The key stands behind `#`, so that it never reaches a server or its log. @param {string} hash */
export function keyOf(hash) {
  return (new URLSearchParams(hash.slice(1)).get('key') ?? '').trim();
}

/** Where the messages are. @param {string | null} token what opens a page for watching only */
export function wire(token) {
  const url = new URL('/wire', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (token) url.searchParams.set('token', token);
  return url.href;
}
