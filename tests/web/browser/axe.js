// Accessibility rules (WCAG 2.2 A and AA, and good practice) that a page breaks, by axe-core.

import { createRequire } from 'node:module';

const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What is wrong, one line each. @param {import('playwright-core').Page} page */
export async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    // As a debugger does: the page's own policy lets no script in.
    const { default: fs } = await import('node:fs');
    await page.evaluate(fs.readFileSync(source, 'utf8'));
  }
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary.replace(/\s+/g, ' ')}`));
}
