// Problem documents (RFC 9457) of the server, shown as they are.

interface Entry {
  pointer?: string
  parameter?: string
  part?: string
  detail?: string
  did_you_mean?: string
}

interface Document {
  title?: string
  status?: number
  detail?: string
  code?: string
  request_id?: string
  errors?: Entry[]
}

export class Problem extends Error {
  readonly document: Document

  constructor(document: Document) {
    super(document.detail ?? document.title ?? 'The server did not say why.')
    this.document = document
  }
}

// problemOf reads a refusal, which may be of something between us and the server.
export function problemOf(text: string, status: number): Problem {
  try {
    const document: unknown = JSON.parse(text)
    if (document && typeof document === 'object' && 'detail' in document) return new Problem(document as Document)
  } catch {
    // no JSON: told below
  }
  return new Problem({ status, detail: `The answer was ${status || 'cut off'}, with no reason that can be read.` })
}

export async function ask(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (!response.ok) throw problemOf(await response.text(), response.status)
  return response
}

export async function askJSON<T>(url: string, init?: RequestInit): Promise<T> {
  return (await ask(url, init)).json() as Promise<T>
}

function Where({ entry, told }: { entry: Entry; told: boolean }) {
  const place = entry.pointer ?? entry.parameter ?? entry.part
  if (told && !entry.did_you_mean) return null
  return (
    <li>
      {!told && <>{place !== undefined && <code>{place === '' ? '(whole)' : place}</code>} {entry.detail} </>}
      {entry.did_you_mean && <>Did you mean <code>{entry.did_you_mean}</code>?</>}
    </li>
  )
}

export function ShowProblem({ error }: { error: unknown }) {
  if (error instanceof DOMException && error.name === 'AbortError') return null
  const document: Document = error instanceof Problem ? error.document : { detail: String(error) }
  return (
    <div className="problem" role="alert">
      <p>{document.detail}</p>
      {document.errors && (
        <ul>{document.errors.map((entry, i) => <Where key={i} entry={entry} told={(document.detail ?? '').includes(entry.detail ?? '')} />)}</ul>
      )}
      {document.code && <p className="small">{document.code}{document.request_id && `, request ${document.request_id}`}</p>}
    </div>
  )
}
