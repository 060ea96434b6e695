import { expect, test } from 'vitest';
import { redact, redactArgs } from '../../src/model/redact.ts';

test.each([
  ['curl -s http://backend/', 'curl -s http://backend/'],
  ['curl -H "Authorization: Bearer eyJhbGci.x" http://a/', 'curl -H "Authorization: <redacted>" http://a/'],
  ['mysql --password=hunter2 db', 'mysql --password=<redacted> db'],
  ['kubectl --token abc.def get pods', 'kubectl --token <redacted> get pods'],
  ['curl -u admin:hunter2 https://a/', 'curl -u <redacted> https://a/'],
  ['wget https://me:hunter2@a.example/x', 'wget https://<redacted>@a.example/x'],
  ['curl https://a.example/x?session=1&id=2', 'curl https://a.example/x?<redacted>'],
  ['AWS_SECRET_ACCESS_KEY=abc aws s3 ls', 'AWS_SECRET_ACCESS_KEY=<redacted> aws s3 ls'],
  ['app --api-key: k1', 'app --api-key: <redacted>'],
  ['mysql -h db -phunter2 shop', 'mysql -h db -p<redacted> shop'],
  ['curl -uadmin:hunter2 https://a/', 'curl -u<redacted> https://a/'],
  ['redis-cli -h r -a hunter2 ping', 'redis-cli -h r -a <redacted> ping'],
  ['sshpass -p hunter2 ssh a', 'sshpass -p <redacted> ssh a'],
  ['Cookie: a=1; session=hunter2', 'Cookie: <redacted>'],
  ['x eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl y', 'x <redacted> y'],
  ['GET /login?user=me&code=hunter2 HTTP/1.1', 'GET /login?<redacted> HTTP/1.1'],
  ['dsn: host=db;pwd=hunter2;port=1', 'dsn: host=db;pwd=<redacted>;port=1'],
  ['curl https://hooks.slack.com/services/T0/B0/hunter2', 'curl https://hooks.slack.com/<redacted>'],
  ['Set-Cookie: id=hunter2; Path=/', 'Set-Cookie: <redacted>'],
  ['X-Auth-Token: hunter2', 'X-Auth-Token: <redacted>'],
  ['key AKIAIOSFODNN7EXAMPLE', 'key <redacted>'],
  ['grep -p x file', 'grep -p x file'],
  ['PWD=/root', 'PWD=/root'],
])('%s', (text, safe) => {
  expect(redact(text)).toBe(safe);
});

test('an argument says that the next is secret', () => {
  expect(redactArgs(['mysql', '-u', 'root', '--password', 'a b', 'x'])).toEqual([
    'mysql',
    '-u',
    '<redacted>',
    '--password',
    '<redacted>',
    'x',
  ]);
});
