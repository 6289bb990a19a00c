import { databaseConnection } from '@stella/platform-database';

const URL = 'postgresql://stella_gate:p%40ss%2Fword@db.test:6432/stella';

test('an address is taken apart, with what is escaped in it', () => {
  expect(databaseConnection({ url: URL })).toEqual({ host: 'db.test', port: 6432, database: 'stella', user: 'stella_gate', password: 'p@ss/word', ssl: false });
  expect(databaseConnection({ url: 'postgres://gate@localhost/stella?host=/run/postgresql' })).toEqual({ host: '/run/postgresql', database: 'stella', user: 'gate', ssl: false });
  expect(databaseConnection({ url: 'postgres://gate@[::1]/stella' })).toMatchObject({ host: '::1' });
});

test.each([
  ['disable', false],
  ['require', { rejectUnauthorized: false }],
  ['verify-ca', { checkServerIdentity: expect.any(Function) }],
  ['verify-full', {}],
])('sslmode=%s means what libpq means by it', (mode, ssl) => {
  expect(databaseConnection({ url: `${URL}?sslmode=${mode}` }).ssl).toEqual(ssl);
});

test('who names an authority has the server checked, and shows its own certificate', () => {
  expect(databaseConnection({ url: URL, certificateAuthority: 'CA', certificate: 'C', key: 'K' }).ssl).toEqual({ ca: 'CA', cert: 'C', key: 'K' });
});

test.each(['db.test', 'mysql://x@y/z', 'postgresql://x@y', `${URL}?sslmode=prefer`, `${URL}?options=-c`])('%s is refused, and shown to nobody', (url) => {
  expect(() => databaseConnection({ url })).toThrow(expect.objectContaining({ reason: 'CONFIG_INVALID', facts: { problems: expect.not.stringContaining('p%40ss') } }));
});
