import { expect, test } from 'vitest';
import { redact } from '../../src/output/redact.ts';

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
])('%s', (text, safe) => {
  expect(redact(text)).toBe(safe);
});
