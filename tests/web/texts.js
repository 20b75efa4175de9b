// Writes the texts of the page (texts.en.json, texts.zh.json): those of the program's Fluent files whose keys the page
// names. `node texts.js --check` only compares.

import fs from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const page = path.join(here, '../../crates/pulsecam-net/src/relay/web/page');
const fluent = path.join(here, '../../src/i18n');

/** The messages of a Fluent file: plain ones with values, and indented lines that continue one. */
export function parse(file) {
  const texts = new Map();
  let key = '';
  for (const line of file.split('\n')) {
    const message = /^([a-z][\w-]*) =\s*(.*)$/.exec(line);
    if (message) {
      key = message[1];
      texts.set(key, message[2]);
    } else if (/^\s+\S/.test(line) && key) {
      texts.set(key, `${texts.get(key)}\n${line.trim()}`.trim());
    }
  }
  return texts;
}

/** The texts of a language that the page names, as JSON. */
export function texts(language) {
  const sources = fs.readdirSync(page).filter((name) => /\.(js|html)$/.test(name));
  const source = sources.map((name) => fs.readFileSync(path.join(page, name), 'utf8')).join('\n');
  const named = new Set(source.match(/(?<=['"])[a-z][a-z-]*(?=['"])/g));
  const all = parse(fs.readFileSync(path.join(fluent, `${language}.ftl`), 'utf8'));
  const unknown = [...named].filter((key) => key.startsWith('web-') && !all.has(key));
  const unused = [...all.keys()].filter((key) => key.startsWith('web-') && !named.has(key));
  if (unknown.length || unused.length) throw new Error(`missing: ${unknown}; not used: ${unused}`);
  return `${JSON.stringify(Object.fromEntries([...all].filter(([key]) => named.has(key))), null, 1)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  for (const language of ['en', 'zh']) {
    const file = path.join(page, `texts.${language}.json`);
    if (!process.argv.includes('--check')) fs.writeFileSync(file, texts(language));
    else if (fs.readFileSync(file, 'utf8') !== texts(language)) throw new Error(`${file} is outdated: run node texts.js`);
  }
}
