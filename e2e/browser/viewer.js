// node viewer.js CHROMIUM PAGE SCENARIO: does in the viewer at PAGE what a user would, without a window. It fails where
// the page does not show what it should, or complains on the console. What a scenario finds is printed as JSON.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const [executablePath, base, scenario] = process.argv.slice(2)
const markup = '<img src=x onerror=alert(1)>'

const at = (parameters) => `${base}?${new URLSearchParams(parameters)}`

// pixels counts the colours inside a plot, and the pixels that are not of the most frequent one.
async function pixels(page, within) {
  const picture = (await page.locator(`${within} canvas`).first().screenshot()).toString('base64')
  const blank = await page.context().newPage()
  const found = await blank.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob())
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
    context.drawImage(image, 0, 0)
    const colours = new Map()
    for (const colour of new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)) {
      colours.set(colour, (colours.get(colour) ?? 0) + 1)
    }
    return { colours: colours.size, drawn: image.width * image.height - Math.max(...colours.values()) }
  }, picture)
  await blank.close()
  return found
}

// until asks again and again, since pictures come when they come.
async function until(ask, holds) {
  let last
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((wake) => setTimeout(wake, 200))) {
    last = await ask().catch((error) => ({ error: String(error) }))
    if (holds(last)) return last
  }
  assert.fail(`nothing changes: ${JSON.stringify(last)}`)
}

const coloured = (page, within) => until(() => pixels(page, within), (p) => p.colours > 100)

const scenarios = {
  async browse(page) {
    await page.goto(base)
    await page.getByRole('link', { name: 'demo/' }).click()
    await page.getByRole('link', { name: 'folder/' }).click()
    await page.getByText(`${markup}.h5`).waitFor()
    await page.getByRole('link', { name: 'demo' }).click()
    await page.getByRole('searchbox').fill('onerror')
    await page.getByRole('link', { name: `folder/${markup}.h5`, exact: true }).click()
    await page.getByRole('treeitem', { name: 'image' }).click()
    await coloured(page, '.viewer')
    await until(async () => new URL(page.url()).searchParams.get('path'), (path) => path === '/image')
    await page.reload()
    await coloured(page, '.viewer')
    await page.getByRole('treeitem', { name: markup, exact: true }).click()
    await until(() => page.getByTestId('path').textContent(), (text) => text === `/${markup}`)
    await page.getByRole('tab', { name: 'Inspect' }).click()
    await page.getByText(`${markup} of an attribute`).waitFor()
    assert.equal(await page.locator('img').count(), 0)
  },

  async line(page) {
    await page.goto(at({ file: 'demo/run.h5', path: '/line' }))
    await until(() => pixels(page, '.viewer'), (p) => p.drawn > 500)
  },

  async plain(page) {
    page.expected = /WebGL/
    await page.goto(at({ file: 'demo/run.h5', path: '/cube' }))
    await page.getByText('it has no WebGL').waitFor()
    await page.getByRole('tab', { name: 'Matrix' }).click()
    await page.getByText('1.500e+1').waitFor()
  },

  async keyboard(page) {
    await page.goto(at({ file: 'demo/run.h5' }))
    const tree = page.getByRole('treeitem', { name: 'image' })
    await tree.waitFor()
    for (let i = 0; i < 40 && !(await tree.evaluate((item) => item === document.activeElement)); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await coloured(page, '.viewer')
  },

  async overview(page) {
    const asked = []
    page.expected = /^Error: This (line|part) has/
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(at({ file: 'demo/large.h5', path: '/picture' }))
    await page.getByText('more than the 16,777,216').first().waitFor()
    await page.locator('.notice').getByRole('button', { name: 'Overview' }).click()
    await page.getByText('Not all of the data').waitFor()
    await coloured(page, '.overview')
    const before = asked.length
    const canvas = await page.locator('.overview canvas').boundingBox()
    await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2)
    for (let i = 0; i < 30; i++) await page.mouse.wheel(0, -300)
    await page.getByRole('button', { name: 'Zoom out' }).waitFor()
    const zoomed = await until(async () => asked.slice(before).find((url) => url.includes('select=')), (url) => url !== undefined)
    await coloured(page, '.overview')
    assert.ok(!asked.some((url) => url.includes('h5grove/data')), 'nothing of it was read as a whole')

    await page.goto(at({ file: 'demo/large.h5', path: '/line', view: 'overview' }))
    await page.getByText('with their minimum and maximum').waitFor()
    await until(() => pixels(page, '.overview'), (p) => p.drawn > 500)
    await page.goto(at({ file: 'demo/run.h5', path: '/cube', view: 'overview' }))
    await page.getByText('Every element of').waitFor()
    await page.getByRole('spinbutton', { name: 'axis 0' }).fill('1')
    await page.getByText('Every element of 1,:,:').waitFor()
    return { zoomed: new URL(zoomed).searchParams.get('select') }
  },

  async slice(page) {
    await page.goto(at({ file: 'demo/run.h5', path: '/cube' }))
    await page.getByLabel('Slice').fill('9')
    await page.getByText('Axis 0 has 3 elements').waitFor()
    assert.equal(await page.getByRole('link', { name: 'NPY' }).count(), 0)
    await page.getByLabel('Slice').fill('-1, ::2')
    await page.getByText('8 elements').waitFor()
    assert.equal(new URL(page.url()).searchParams.get('select'), '-1, ::2')
    const links = {}
    for (const name of ['.h5', 'CSV', 'NPY']) links[name] = await page.getByRole('link', { name, exact: true }).evaluate((link) => link.href)
    await page.getByText('curl, Python, Go').click()
    const lines = Object.fromEntries(await page.locator('pre[data-tool]').evaluateAll((list) => list.map((pre) => [pre.dataset.tool, pre.textContent])))
    return { links, lines }
  },

  async about(page) {
    await page.goto(at({ file: 'demo/run.h5', view: 'about' }))
    await page.getByText('superblock').waitFor()
    await page.getByRole('link', { name: '/cube' }).waitFor()
  },

  async make(page) {
    await page.goto(base)
    await page.getByRole('link', { name: 'Make a file' }).click()
    const options = await page.getByRole('combobox').locator('option').allTextContents()
    assert.ok(options.length >= 4)
    for (const option of options) {
      await page.getByRole('combobox').selectOption(option)
      await page.getByTestId('estimate').waitFor()
      assert.equal(await page.getByRole('alert').count(), 0, option)
    }
    page.expected = /Failed to load resource.*422/
    await page.getByLabel(/description/).fill('{"datasets":{"x":{"dtyp":"<i4","data":[1]}}}')
    await page.getByRole('alert').getByText('/datasets/x/dtyp').waitFor()
    await page.getByText('Did you mean').waitFor()
    await page.getByLabel(/description/).fill('{"datasets":{"big": [9007199254740993]}}')
    await page.getByRole('alert').waitFor({ state: 'detached' })
    const address = await page.getByTestId('address').inputValue()
    await page.getByRole('button', { name: 'Look at it' }).click()
    await page.getByRole('treeitem', { name: 'big' }).click()
    await page.getByRole('tab', { name: 'Matrix' }).click()
    await page.getByRole('radio', { name: 'Exact' }).click()
    await page.getByText('9007199254740993').waitFor()
    return { address }
  },

  async refused(page) {
    page.expected = /Failed to load resource.*404/
    await page.goto(at({ file: 'demo/none.h5' }))
    await page.getByRole('alert').getByText('object_not_found').waitFor()
  },

  async change(page) {
    await page.goto(at({ file: 'demo/change.h5', path: '/value' }))
    await page.getByRole('treeitem', { name: 'value' }).waitFor()
    const put = await page.request.post(new URL('v1/files?save=demo/change.h5', base).href, {
      headers: { 'Content-Type': 'application/json' }, data: '{"datasets":{"value":[4,5,6],"fresh":1}}',
    })
    assert.equal(put.status(), 201, await put.text())
    await page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByRole('treeitem', { name: 'fresh' }).waitFor()
  },

  async phone(page) {
    await page.setViewportSize({ width: 390, height: 800 })
    await page.emulateMedia({ colorScheme: 'dark' })
    for (const address of [base, at({ in: 'demo/' }), `${base}?make`, at({ file: 'demo/run.h5', view: 'about' }), at({ file: 'demo/run.h5', path: '/image' })]) {
      await page.goto(address)
      await page.getByRole('navigation').first().waitFor()
      await page.waitForLoadState('networkidle')
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(wide <= 0, `${address} is ${wide} wider than the window`)
      const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
      assert.equal(paper, 'rgb(20, 24, 31)')
    }
    await coloured(page, '.viewer')
  },
}

const args = scenario === 'plain' ? ['--disable-3d-apis'] : []
const browser = await chromium.launch({ executablePath, headless: true, args })
try {
  const page = await (await browser.newContext({ viewport: { width: 1200, height: 800 } })).newPage()
  const complaints = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !/GPU stall/.test(message.text()) && !page.expected?.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('dialog', (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); return dialog.dismiss() })
  page.setDefaultTimeout(20_000)
  let found
  try {
    found = await scenarios[scenario](page)
  } catch (error) {
    const text = await page.locator('body').innerText().catch(() => '')
    throw new Error(`at ${page.url()}\n${text.slice(0, 2000)}\n${complaints.join('\n')}`, { cause: error })
  }
  assert.deepEqual(complaints, [])
  console.log(JSON.stringify(found ?? {}))
} finally {
  await browser.close()
}
