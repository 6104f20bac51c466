// Addresses. All are relative to the page, so that they hold below a proxy's prefix that the server does not know.

export const here = (path: string) => new URL(path, document.baseURI).href

type Parameters = Record<string, string | undefined>

export function query(parameters: Parameters) {
  const list = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value) list.set(name, value)
  return list.size > 0 ? `?${list}` : ''
}

export const page = (parameters: Parameters) => here(`.${query(parameters)}`)

export const api = (path: string, parameters: Parameters = {}) => here(`v1/${path}${query(parameters)}`)

// bytesOf is where the bytes of a file lie: STORE/KEY, or plan:ID.
export function bytesOf(file: string) {
  if (file.startsWith('plan:')) return api(`plans/${encodeURIComponent(file.slice(5))}/file`)
  return api(`stores/${file.split('/').map(encodeURIComponent).join('/')}`)
}

// Of the page as it was opened.
export const asked = new URLSearchParams(location.search)

// note changes what the address says, so that it can be copied, without leaving the page.
export function note(parameters: Parameters) {
  const list = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(parameters)) {
    if (value) list.set(name, value)
    else list.delete(name)
  }
  const next = `?${list}`
  if (next !== location.search) history.replaceState(null, '', next)
}
