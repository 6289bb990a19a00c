import { normaliseTrace } from './normalise.js';

const normalise = (name: string, file?: string) =>
  normaliseTrace({
    format: 'go-panic',
    language: 'go',
    failure: { kind: 'panic', message: '' },
    threads: [
      {
        label: '1',
        crashed: true,
        truncated: false,
        frames: [{ raw: name, function: name, trust: 'printed', role: 'call', ...(file && { file, line: 1 }) }],
      },
    ],
  }).frames[0];

test.each([
  ['github.com/evanw/esbuild/internal/css_printer.(*printer).printTokens', undefined, 'internal/css_printer.printer.printTokens'],
  ['css_printer.(*printer).printTokens', 'internal/css_printer/css_printer.go', 'internal/css_printer.printer.printTokens'],
  ['github.com/o/r/v3/store.Open', undefined, 'store.Open'],
  ['github.com/o/r.Open', undefined, 'r.Open'],
  ['gopkg.in/yaml%2ev3.Unmarshal', undefined, 'yaml.Unmarshal'],
  ['main.main.func1.2.3', undefined, 'main.main.{closure}'],
  ['main.Each.main.run.func1', undefined, 'main.Each.main.run.{closure}'],
  ['main.run.gowrap1', undefined, 'main.run.{closure}'],
  ['main.glob..func4', undefined, 'main.glob.{closure}'],
  ['main.init.3', undefined, 'main.init'],
  ['main.T.Run-fm', undefined, 'main.T.Run'],
  ['main.walk-range1', undefined, 'main.walk'],
  ['main.Map[go.shape.map[string]int,go.shape.int].Put', undefined, 'main.Map<T>.Put'],
  ['main.Map[...].Put', undefined, 'main.Map<T>.Put'],
  ['github.com/o/r/a.List[github.com/x/y/b.T].Len', undefined, 'a.List<T>.Len'],
])('%s is a function of the field', (name, file, expected) => {
  expect(normalise(name, file)?.key).toBe(expected);
});

test.each([
  ['runtime.gopanic', undefined, 'throw'],
  ['runtime.goPanicIndex', undefined, 'throw'],
  ['runtime.goexit', undefined, 'indirection'],
  ['sync.(*Mutex).Lock', undefined, 'std'],
  ['encoding/json.Unmarshal', undefined, 'std'],
  ['poll.(*FD).Read', 'internal/poll/fd_unix.go', 'std'],
  ['golang.org/x/net/http2.(*Framer).ReadFrame', undefined, 'framework'],
  ['github.com/o/r/a.F', '/root/go/pkg/mod/github.com/o/r@v1.2.3/a/f.go', 'framework'],
  ['github.com/evanw/esbuild/internal/js_parser.Parse', undefined, 'app'],
])('%s is told apart by where it comes from', (name, file, category) => {
  expect(normalise(name, file)?.category).toBe(category);
});
