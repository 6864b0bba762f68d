// Works the live page of a running witness in headless Chromium: axe-core for WCAG 2.2 AA with no
// violation, light and dark, folds closed and open, at 1280, 640 (200 % zoom) and 320 pixels; no
// page wider than its window; a note by keyboard; folds and focus kept through an update; pausing;
// and forms without scripts. It writes two notes, and does not end the witness.
//
//   npm install --prefix DIR axe-core puppeteer-core
//   NODE_PATH=DIR/node_modules node src/witness/tests/browser/check.mjs http://127.0.0.1:9101/
//
// Fetches nothing but the page. Where node's packages or Chromium are missing it says so and ends
// with 0; CHROMIUM names the browser if it is elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const browsers = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];
const executablePath = browsers.find((path) => path && existsSync(path));
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

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
const url = process.argv[2];
if (!url) {
  console.error('give the address of a live page, such as http://127.0.0.1:9101/');
  process.exit(2);
}

const problems = [];
const expect = (holds, words) => { if (!holds) problems.push(words); };
const text = (page, id) => page.$eval(`#${id}`, (place) => place.textContent);
const focused = (page) => page.evaluate(() => document.activeElement.id);

async function opened(browser, address) {
  const page = await browser.newPage();
  const complain = (words) => problems.push(`${address}: ${words}`);
  page.on('pageerror', (error) => complain(String(error)));
  page.on('console', (line) => { if (line.type() === 'error') complain(line.text()); });
  return page;
}

async function look(browser, path, scheme, width) {
  const page = await opened(browser, path);
  // The page's own policy forbids scripts, the one of axe included.
  await page.setBypassCSP(true);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(url + path, { waitUntil: 'load' });
  for (const open of [false, true]) {
    if (open) {
      await page.evaluate(() => {
        document.querySelectorAll('details').forEach((fold) => { fold.open = true; });
      });
    }
    await page.evaluate(axe);
    const violations = await page.evaluate(async (values) => {
      const options = { runOnly: { type: 'tag', values }, resultTypes: ['violations'] };
      const found = await axe.run(document, options);
      return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html}`);
    }, rules);
    const where = `/${path} ${scheme} at ${width} px, folds ${open ? 'open' : 'closed'}`;
    problems.push(...violations.map((violation) => `${where}: ${violation}`));
    const wide = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth > clientWidth;
    });
    expect(!wide, `${where}: the page scrolls sideways`);
  }
  await page.close();
}

async function work(browser) {
  const page = await opened(browser, 'by keyboard');
  await page.goto(url, { waitUntil: 'load' });
  const fold = await page.$eval('#h-tests + .checks details', (first) => first.id);
  const summary = fold.replace('d-', 's-');
  await page.focus(`#${summary}`);
  await page.keyboard.press('Enter');
  expect(await page.$eval(`#${fold}`, (place) => place.open), 'Enter opens no fold');
  // The stream may bring this at any time.
  await page.evaluate((name) => {
    put(name, document.getElementById(`live-${name}`).innerHTML.replace(' open=""', ''));
  }, fold.replace('d-', ''));
  expect(await page.$eval(`#${fold}`, (place) => place.open), 'an update closes an open fold');
  expect(await focused(page) === summary, 'an update takes the focus away');
  await page.focus('#text');
  await page.keyboard.type('typed in a browser');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('told').textContent.includes('note'));
  await page.waitForFunction(() =>
    document.getElementById('live-notes').textContent.includes('typed in a browser'));
  await page.focus('#pause');
  await page.keyboard.press('Enter');
  const pressed = await page.$eval('#pause', (button) => button.getAttribute('aria-pressed'));
  expect(pressed === 'true', 'updates cannot be paused by keyboard');
  expect(await page.evaluate(() => stream.readyState) === 2, 'pausing does not close the stream');
  await page.close();
}

async function without(browser) {
  const page = await opened(browser, 'without scripts');
  await page.setJavaScriptEnabled(false);
  await page.goto(url, { waitUntil: 'load' });
  expect((await text(page, 'main')).includes('load it every 10 seconds'), 'no way to load it again');
  await page.focus('#text');
  await page.keyboard.type('sent without scripts');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  expect((await text(page, 'main')).includes('sent without scripts'), 'a form needs scripts');
  await page.close();
}

const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
for (const path of ['', 'finish']) {
  for (const scheme of ['light', 'dark']) {
    for (const width of [1280, 640, 320]) await look(browser, path, scheme, width);
  }
}
await work(browser);
await without(browser);
await browser.close();
problems.forEach((problem) => console.error(problem));
console.log(`${problems.length} problem(s)`);
process.exit(problems.length === 0 ? 0 : 1);
