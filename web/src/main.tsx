// One page at /, and what it shows is in its query:
//
//	?file=STORE/KEY&path=/GROUP/DATASET   a file (src/file.tsx, with H5Web; loaded when a file is opened)
//	?in=STORE/FOLDER/                     what lies in a folder
//	?make                                 the editor of descriptions
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { asked, page } from './address'
import { Start } from './start'
import './style.css'

const FilePage = lazy(() => import('./file'))
const MakePage = lazy(() => import('./make'))

function Page() {
  const file = asked.get('file')
  if (file) return <FilePage file={file} />
  if (asked.has('make')) return <MakePage />
  return <Start folder={asked.get('in') ?? ''} />
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Suspense fallback={<main className="page"><a href={page({})}>h5serve</a><p role="status">Loading…</p></main>}>
      <Page />
    </Suspense>
  </StrictMode>,
)
