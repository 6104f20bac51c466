import { useEffect, useState } from 'react'
import { api, here, page } from './address'
import { examples, written } from './examples'
import { useLoad } from './load'
import { askJSON, ShowProblem } from './problem'
import { Trail } from './trail'
import { count, size } from './units'

interface Warning { code: string; detail: string; pointer?: string }
interface Estimate { filename: string; size?: number; at_most?: number; warnings: Warning[] }
interface Plan extends Estimate { id: string; file: string }

const longest = 8192 // bytes of a target that the server takes

function plans(text: string, parameters: Record<string, string>, signal?: AbortSignal) {
  return askJSON<Estimate>(api('plans', parameters), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: text, signal })
}

async function packed(text: string) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

// short is JSON without its white space. JavaScript's own parser would round large numbers.
function short(text: string) {
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : ''))
}

// addressOf is the GET address of a file, or '' where the description is too long for one.
async function addressOf(text: string, filename: string) {
  for (const spec of [encodeURIComponent(short(text)), await packed(short(text))]) {
    const address = here(`v1/files/${encodeURIComponent(filename)}?spec=${spec}`)
    if (address.length - location.origin.length < longest) return address
  }
  return ''
}

function Outcome({ text, estimate }: { text: string; estimate: Estimate }) {
  const { value: address } = useLoad(() => addressOf(text, estimate.filename), [text])
  const [failed, setFailed] = useState<unknown>()
  const kept = (then: (plan: Plan) => string) => () => {
    setFailed(undefined)
    plans(text, {}).then((plan) => location.assign(then(plan as Plan)), setFailed)
  }
  const fileOf = (plan: Plan) => api(`plans/${encodeURIComponent(plan.id)}/file`)
  return (
    <>
      <p role="status" data-testid="estimate">
        {estimate.filename}: {estimate.size !== undefined ? `${size(estimate.size)} (${count(estimate.size)} bytes)` : `at most ${size(estimate.at_most ?? 0)}`}
      </p>
      {estimate.warnings.map((w, i) => <p key={i} className="notice">{w.pointer && <code>{w.pointer}</code>} {w.detail}</p>)}
      <div className="row">
        {address ? <a className="button" href={address} download>Download</a> : <button onClick={kept(fileOf)}>Download</button>}
        <button onClick={kept((plan) => page({ file: `plan:${plan.id}` }))}>Look at it</button>
      </div>
      {address && (
        <label>
          Address of the file, for links and for clients that read by ranges
          <input className="search" readOnly value={address} onFocus={(e) => e.target.select()} data-testid="address" />
        </label>
      )}
      {address === '' && <p className="small">The description is too long for an address: the file is made, kept for a while and fetched.</p>}
      {failed !== undefined && <ShowProblem error={failed} />}
    </>
  )
}

function Checked({ text }: { text: string }) {
  const { value: estimate, error } = useLoad((signal) => plans(text, { estimate: 'true' }, signal), [text])
  if (error !== undefined) return <ShowProblem error={error} />
  if (!estimate) return <p role="status">Checking…</p>
  return <Outcome text={text} estimate={estimate} />
}

export default function MakePage() {
  const names = Object.keys(examples)
  const [text, setText] = useState(() => written(names[0]))
  const [checked, setChecked] = useState(text)
  useEffect(() => {
    document.title = 'Make a file · h5serve'
  }, [])
  useEffect(() => {
    const wait = setTimeout(() => setChecked(text), 400)
    return () => clearTimeout(wait)
  }, [text])
  return (
    <main className="page">
      <header className="top">
        <h1><Trail at="Make a file" /></h1>
        <label>
          Begin with{' '}
          <select onChange={(e) => setText(written(e.target.value))}>{names.map((name) => <option key={name}>{name}</option>)}</select>
        </label>
      </header>
      <label htmlFor="spec">The description of the file, in JSON with h5py’s words (<a href="openapi.yaml">openapi.yaml</a> has all of them)</label>
      <textarea id="spec" className="spec" value={text} onChange={(e) => setText(e.target.value)} spellCheck={false} aria-describedby="outcome" />
      <section id="outcome" className="lines" aria-live="polite"><Checked text={checked} /></section>
    </main>
  )
}
