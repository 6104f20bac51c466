import { App, H5GroveProvider } from '@h5web/app'
import '@h5web/app/styles.css'
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { About } from './about'
import { asked, bytesOf, note } from './address'
import { useLoad } from './load'
import { Overview } from './overview'
import { ShowProblem } from './problem'
import { isNumeric, Reads, tooBig, widestTexture } from './reads'
import { parse } from './selection.js'
import { SliceBar } from './slicebar'
import { Trail } from './trail'
import { useVersion } from './version'

const views = { viewer: 'Viewer', overview: 'Overview', about: 'About the file' }

type View = keyof typeof views

// useSelected is the path that is selected in H5Web's tree, which it tells nobody.
function useSelected(stage: RefObject<HTMLElement>, first: string) {
  const [path, set] = useState(first)
  useEffect(() => {
    const look = () => {
      const item = stage.current?.querySelector('[role="treeitem"][aria-selected="true"][data-path]')
      if (item) set(item.getAttribute('data-path')!)
    }
    const observer = new MutationObserver(look)
    observer.observe(stage.current!, { subtree: true, childList: true, attributeFilter: ['aria-selected'] })
    look()
    return () => observer.disconnect()
  }, [stage])
  return path
}

function wrong(text: string, shape: readonly number[]) {
  try {
    parse(text, shape)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

function Opened({ file, tag }: { file: string; tag: string }) {
  const stage = useRef<HTMLDivElement>(null)
  const first = asked.get('path') || '/'
  const path = useSelected(stage, first)
  const [select, setSelect] = useState({ path: first, text: asked.get('select') ?? '' })
  const [view, setView] = useState<View>((asked.get('view') as View) in views ? (asked.get('view') as View) : 'viewer')
  const reads = useMemo(() => new Reads(file), [file, tag])
  const { value: entity } = useLoad(() => reads.entity(path), [reads, path])

  const text = select.path === path ? select.text : ''
  useEffect(() => {
    note({ path, select: text, view: view === 'viewer' ? '' : view })
    document.title = `${file.split('/').at(-1)} ${path}`
  }, [file, path, text, view])

  const dataset = entity?.kind === 'dataset' ? entity : undefined
  const fault = dataset ? wrong(text, dataset.shape ?? []) : ''
  const big = dataset ? tooBig(dataset, '') : ''
  const drawable = isNumeric(dataset?.type) && (dataset?.shape?.length ?? 0) > 0
  return (
    <>
      <header>
        <div className="row">
          <h1 className="grow"><Trail at={file} /></h1>
          <div className="tabs" role="group" aria-label="What is shown">
            {Object.entries(views).map(([name, title]) => (
              <button key={name} aria-pressed={view === name} disabled={name === 'overview' && !drawable} onClick={() => setView(name as View)}>{title}</button>
            ))}
          </div>
          <a className="button" href={bytesOf(file)} download>Download</a>
        </div>
        <SliceBar file={file} path={path} entity={entity} select={text} fault={fault} onSelect={(s) => setSelect({ path, text: s })} />
      </header>
      {big && view === 'viewer' && (
        <div className="notice" role="status">
          <span>{big}</span>
          {drawable && <button onClick={() => setView('overview')}>Overview</button>}
        </div>
      )}
      {drawable && widestTexture() === Infinity && (
        <div className="notice" role="status"><span>This browser draws no pictures, since it has no WebGL: choose “Matrix” in the viewer to see the numbers.</span></div>
      )}
      <div className="stage">
        <div className="viewer" ref={stage} hidden={view !== 'viewer'}>
          <H5GroveProvider url={reads.url} filepath={file} fetcher={reads.fetcher}>
            <App initialPath={first} sidebarOpen={window.innerWidth > 700} getFeedbackURL={undefined} />
          </H5GroveProvider>
        </div>
        {view === 'overview' && dataset && drawable && !fault && (
          <Overview key={`${path} ${text}`} file={file} path={path} shape={dataset.shape!} select={text} />
        )}
        {view === 'overview' && !drawable && <p className="page">Choose a dataset of numbers in the viewer.</p>}
        {view === 'about' && <About file={file} />}
      </div>
    </>
  )
}

export default function FilePage({ file }: { file: string }) {
  const version = useVersion(file)
  if (version.error) {
    return <main className="page"><h1><Trail at={file} /></h1><ShowProblem error={version.error} /></main>
  }
  return (
    <main className="file">
      {version.changed && (
        <div className="notice" role="alert"><span>The file has changed since it was opened.</span><button onClick={version.reload}>Reload</button></div>
      )}
      {version.tag === undefined ? <p role="status">Opening {file}…</p> : <Opened key={version.tag} file={file} tag={version.tag} />}
    </main>
  )
}
