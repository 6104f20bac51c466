import { api, page } from './address'
import { useLoad } from './load'
import { askJSON, ShowProblem } from './problem'
import { count, many, shape as named, size } from './units'

interface Report {
  size: number
  complete: boolean
  incomplete?: string[]
  format: { superblock: number; libver: string; user_block: number; file_space: { strategy: string } }
  counts: { groups: number; datasets: number; attributes: number; links: number; unreadable: number; stored_bytes: number; element_bytes: number }
  datasets: {
    path: string; dtype: string; shape: number[] | null; layout: string; index?: string; chunk?: number[]; chunks?: number
    stored_bytes: number; compression_ratio?: number; filters?: { id: number; name?: string; known: boolean }[]; error?: string
  }[]
  datasets_omitted?: number
  check: { elements: boolean; sound: boolean; findings: { severity: string; path: string; structure?: string; offset: number; expected?: string; found?: string; detail: string }[]; findings_omitted?: number }
  remote?: { gets: number; rounds: number; bytes: number }
  advice: { code: string; detail: string; paths?: string[]; count?: number }[]
}

function Facts({ report: r }: { report: Report }) {
  const facts: [string, string][] = [
    ['Size', `${size(r.size)} (${count(r.size)} bytes)`],
    ['Format', `superblock ${r.format.superblock}, libver ${r.format.libver}, file space ${r.format.file_space.strategy}${r.format.user_block ? `, user block ${size(r.format.user_block)}` : ''}`],
    ['Holds', [many(r.counts.datasets, 'dataset'), many(r.counts.groups, 'group'), many(r.counts.attributes, 'attribute'), many(r.counts.links, 'link')].join(', ')],
    ['Elements', `${size(r.counts.element_bytes)}, stored in ${size(r.counts.stored_bytes)}`],
    ['Damage', `${r.check.sound ? 'none' : many(r.check.findings.length + (r.check.findings_omitted ?? 0), 'finding')}${r.check.elements ? '' : ' (metadata only; no element was read)'}`],
  ]
  if (r.remote) facts.push(['Opening it from afar', `${many(r.remote.gets, 'request')} in ${many(r.remote.rounds, 'round')}, ${size(r.remote.bytes)}`])
  for (const why of r.incomplete ?? []) facts.push(['Cut short', why])
  return <dl className="facts">{facts.map(([name, text], i) => <div key={i} className="pair"><dt>{name}</dt><dd>{text}</dd></div>)}</dl>
}

function Datasets({ file, report: r }: { file: string; report: Report }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label="Layout of the datasets">
      <table>
        <thead><tr>{['Dataset', 'Type', 'Shape', 'Layout', 'Chunks', 'Filters', 'Stored', 'Ratio'].map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
        <tbody>
          {r.datasets.map((d) => (
            <tr key={d.path}>
              <td><a href={page({ file, path: d.path })}>{d.path}</a>{d.error && <div className="problem">{d.error}</div>}</td>
              <td>{d.dtype}</td>
              <td>{d.shape ? named(d.shape) : 'null'}</td>
              <td>{d.layout}{d.index && `, ${d.index}`}</td>
              <td>{d.chunk && `${count(d.chunks ?? 0)} of ${named(d.chunk)}`}</td>
              <td>{d.filters?.map((f) => `${f.name ?? f.id}${f.known ? '' : ' (cannot be read here)'}`).join(', ')}</td>
              <td className="number">{size(d.stored_bytes)}</td>
              <td className="number">{d.compression_ratio?.toFixed(1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {r.datasets_omitted ? <p>{count(r.datasets_omitted)} more are not told one by one.</p> : null}
    </div>
  )
}

// About is what an inspection found. Chunks are not decoded for it: that is for who asks /v1/inspect itself.
export function About({ file }: { file: string }) {
  const { value: report, error } = useLoad((signal) => askJSON<Report>(api('inspect', { file, check: 'false' }), { signal }), [file])
  if (error) return <div className="page"><ShowProblem error={error} /></div>
  if (!report) return <p className="page" role="status">Looking the file over…</p>
  return (
    <div className="scroll">
      <div className="page">
        <Facts report={report} />
        {report.advice.length > 0 && (
          <section>
            <h2>What could be better</h2>
            <ul>{report.advice.map((a, i) => <li key={i}>{a.detail} {a.paths && <code>{a.paths.join(' ')}</code>}</li>)}</ul>
          </section>
        )}
        {report.check.findings.length > 0 && (
          <section>
            <h2>Damage</h2>
            <ul>{report.check.findings.map((f, i) => <li key={i}>{f.severity}: <code>{f.path}</code> {f.structure && `${f.structure} at ${f.offset}: `}{f.detail}{f.expected && ` (expected ${f.expected}, found ${f.found})`}</li>)}</ul>
          </section>
        )}
        <Datasets file={file} report={report} />
      </div>
    </div>
  )
}
