// Descriptions to begin with.
export const examples: Record<string, unknown> = {
  'Ten numbers': { filename: 'out.h5', datasets: { dataset: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } },
  'An image with units': {
    filename: 'image.h5',
    attrs: { title: 'a ramp' },
    datasets: {
      'entry/image': {
        dtype: '<f4', shape: [512, 512], chunks: [64, 64], compression: 'gzip', shuffle: true,
        data: { linspace: [0, 1] }, attrs: { units: 'K', CLASS: 'IMAGE' },
      },
    },
  },
  'A table': {
    filename: 'table.h5',
    datasets: { people: { data: { columns: { id: [1, 2, 3], name: ['Ann', 'Bo', 'Cleo'], height: [1.7, 1.82, 1.65] } } } },
  },
  'Groups, links and a growing dataset': {
    filename: 'run.h5', libver: ['earliest', 'v110'],
    groups: { 'raw/day1': { attrs: { station: 'S1' } } },
    datasets: {
      'raw/day1/t': { dtype: '<f8', shape: [100, 64], maxshape: [null, 64], chunks: [25, 64], fillvalue: 'NaN' },
      'raw/day1/x': { dtype: '<f8', shape: [64], data: { start: 0, step: 0.5 } },
    },
    links: { latest: { soft: '/raw/day1/t' } },
  },
  'Made for reading from afar': {
    filename: 'cloud.h5', preset: 'cloud',
    datasets: { ramp: { dtype: '<f8', shape: [1000000], data: { start: 0, step: 1 }, compression: 'gzip' } },
  },
}

export const written = (name: string) => JSON.stringify(examples[name], null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner: string) => `[${inner.replace(/\s+/g, ' ')}]`)
