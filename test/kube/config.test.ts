import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findAccess, readKubeconfig } from '../../src/kube/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let n = 0;

function kubeconfig(user: string, cluster = 'server: https://10.0.0.1:6443'): string {
  const path = join(folder, `${++n}`);
  const indent = (text: string) => text.replaceAll('\n', '\n    ');
  writeFileSync(
    path,
    `apiVersion: v1
kind: Config
current-context: here
contexts:
- name: elsewhere
  context: {cluster: other, user: nobody}
- name: here
  context: {cluster: lab, user: me}
clusters:
- name: lab
  cluster:
    ${indent(cluster)}
users:
- name: me
  user:
    ${indent(user)}
`,
  );
  return path;
}

test('a token, an authority in the file, a server', () => {
  const access = readKubeconfig(
    kubeconfig('token: secret', `server: https://10.0.0.1:6443/\ncertificate-authority-data: ${Buffer.from('PEM').toString('base64')}`),
  );
  expect(access).toMatchObject({ url: 'https://10.0.0.1:6443', ca: Buffer.from('PEM'), certificate: null, verify: true });
  expect(access.token()).toBe('secret');
});

test('certificates in files beside it, and a token that changes in one', () => {
  writeFileSync(join(folder, 'cert'), 'CERT');
  writeFileSync(join(folder, 'key'), 'KEY');
  writeFileSync(join(folder, 'token'), 'one\n');
  const access = readKubeconfig(kubeconfig('client-certificate: cert\nclient-key: key\ntokenFile: token'));
  expect(access).toMatchObject({ certificate: Buffer.from('CERT'), key: Buffer.from('KEY') });
  expect(access.token()).toBe('one');
  writeFileSync(join(folder, 'token'), 'two\n');
  expect(access.token()).toBe('two');
});

test.each([
  [() => readKubeconfig('/no/such/file'), /no such file/],
  [() => readKubeconfig(kubeconfig('token: x', 'insecure-skip-tls-verify: true')), /the cluster has no server/],
  [() => readKubeconfig(kubeconfig('exec: {command: aws}')), /a program gives out \(exec\)/],
  [() => readKubeconfig(kubeconfig('client-certificate: nothere')), /client-certificate: .*no such file/],
  [() => findAccess({ url: '10.0.0.1:6443' }), /-k takes a URL/],
])('what is wrong is said', (read, message) => {
  expect(read).toThrow(message);
});
