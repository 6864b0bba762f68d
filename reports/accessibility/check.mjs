// Checks pages of the report for WCAG 2.2 AA in headless Chromium: axe-core with no violation, folds
// closed and open, at 1280, 640 (200 % zoom) and 320 pixels; no page wider than its window; the Tab
// key never going back up the page.
//
//   npm install --prefix DIR axe-core puppeteer-core
//   cargo test -p letterproof-reports --test reports
//   NODE_PATH=DIR/node_modules node reports/accessibility/check.mjs target/tmp/report.html
//
// Fetches nothing. Where node's packages or Chromium are missing it says so and ends with 0, so that
// it can stand in a script that runs without them; CHROMIUM names the browser if it is elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const browsers = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];
const executablePath = browsers.find((path) => path && existsSync(path));
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const sizes = [[1280, 900], [640, 450], [320, 640]];

let puppeteer;
let axe;
try {
  puppeteer = require('puppeteer-core');
  axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
} catch {
  console.log('skipped: axe-core and puppeteer-core are not installed');
  process.exit(0);
}
if (!executablePath) {
  console.log('skipped: no Chromium found');
  process.exit(0);
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('name the pages to check');
  process.exit(2);
}

const problems = [];

async function examine(page, file, width) {
  for (const open of [false, true]) {
    if (open) {
      // Thousands of exchanges are alike: a sample of them is enough.
      await page.evaluate(() => document.querySelectorAll('details').forEach((fold, at) => {
        if (!fold.classList.contains('exchange') || at % 40 === 0) fold.open = true;
      }));
    }
    await page.evaluate(axe);
    const violations = await page.evaluate(async (values) => {
      const found = await axe.run(document, {
        runOnly: { type: 'tag', values }, resultTypes: ['violations'],
      });
      return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html}`);
    }, rules);
    const where = `${file} at ${width} px, folds ${open ? 'open' : 'closed'}`;
    problems.push(...violations.map((violation) => `${where}: ${violation}`));
    const wide = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth > clientWidth;
    });
    if (wide) problems.push(`${where}: the page scrolls sideways`);
  }
}

async function tab(page, file) {
  let last = 0;
  for (let stop = 0; stop < 150; stop += 1) {
    await page.keyboard.press('Tab');
    const top = await page.evaluate(() => {
      const focused = document.activeElement;
      return focused === document.body ? Infinity : focused.getBoundingClientRect().top + scrollY;
    });
    if (top === Infinity) return;
    if (top < last - 40) problems.push(`${file}: Tab goes back up the page at stop ${stop + 1}`);
    last = top;
  }
}

const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
for (const file of files) {
  for (const [width, height] of sizes) {
    const page = await browser.newPage();
    // The page's own policy forbids scripts, the one of axe included.
    await page.setBypassCSP(true);
    await page.setViewport({ width, height });
    await page.goto(pathToFileURL(resolve(file)).href, { waitUntil: 'load' });
    await examine(page, file, width);
    await page.close();
  }
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(pathToFileURL(resolve(file)).href, { waitUntil: 'load' });
  await tab(page, file);
  await page.close();
}
await browser.close();
problems.forEach((problem) => console.error(problem));
console.log(`${files.length} page(s), ${problems.length} problem(s)`);
process.exit(problems.length === 0 ? 0 : 1);
