import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Packed once, here, so that the server sends files as they lie.
const packed: Plugin = {
  name: 'packed',
  closeBundle() {
    for (const name of readdirSync(here('dist/assets'))) {
      const path = join(here('dist/assets'), name)
      const plain = readFileSync(path)
      writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
      writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }))
    }
  },
}

export default defineConfig({
  base: './', // below any prefix of a proxy
  plugins: [packed],
  resolve: {
    alias: [
      // The originals make code of strings, which the content security policy forbids.
      { find: /^ndarray$/, replacement: here('src/evalfree/ndarray.js') },
      { find: /^ndarray-ops$/, replacement: here('src/evalfree/ndarray-ops.js') },
    ],
  },
  build: { emptyOutDir: false, modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
})
