// node open.js CHROMIUM PAGE URL…: lets the page read each URL in a browser without a window, and prints what it found, in order, as JSON.
import { chromium } from 'playwright-core'

const [executablePath, page, ...urls] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath, headless: true })
try {
  const tab = await browser.newPage()
  await tab.goto(page)
  await tab.waitForFunction('window.ready')
  const found = []
  for (const url of urls) found.push(await tab.evaluate((u) => window.read(u), url))
  console.log(JSON.stringify(found))
} finally {
  await browser.close()
}
