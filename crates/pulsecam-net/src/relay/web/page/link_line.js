// The state of the link in words.

/**
 * @param {import('./texts.js').Texts} texts
 * @param {import('./link.js').State} link
 */
export function linkLine(texts, link) {
  const name = location.host;
  const why = link.why ? texts.say(...link.why) : '';
  const seconds = Math.max(0, Math.ceil(((link.retryAt ?? 0) - performance.timeOrigin - performance.now()) / 1000));
  switch (link.kind) {
    case 'connecting': return texts.say('connecting', { host: name });
    case 'up': return texts.say('connected', { host: name });
    case 'lasting': {
      const values = { host: name, why: ended(texts, why), seconds };
      if (link.key) return texts.say(seconds ? 'refused-retry-in' : 'refused', values);
      return texts.say(seconds ? 'lasting-retry-in' : 'lasting', values);
    }
    default: return texts.say(seconds ? 'reconnecting-in' : 'reconnecting', { host: name, why, seconds });
  }
}

/**
 * A reason that a sentence follows ends as one.
 * @param {import('./texts.js').Texts} texts
 * @param {string} why
 */
export function ended(texts, why) {
  if (/[.。?？!！]$/.test(why)) return why;
  return why + (texts.language === 'zh' ? '。' : '.');
}
