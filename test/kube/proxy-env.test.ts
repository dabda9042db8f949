import { expect, test } from 'vitest';
import { proxyFor } from '../../src/kube/proxy-env.ts';

const HTTPS_PROXY = 'http://proxy:3128';
const SERVER = 'https://api.prod.example.com:6443';

test.each<[string, Record<string, string>, string | undefined]>([
  [SERVER, {}, undefined],
  [SERVER, { HTTPS_PROXY }, HTTPS_PROXY],
  [SERVER, { https_proxy: HTTPS_PROXY }, HTTPS_PROXY],
  [SERVER, { HTTPS_PROXY: 'proxy:3128' }, HTTPS_PROXY],
  [SERVER, { HTTPS_PROXY: '' }, undefined],
  [SERVER, { HTTP_PROXY: HTTPS_PROXY }, undefined],
  ['http://api.example.com', { HTTP_PROXY: HTTPS_PROXY }, HTTPS_PROXY],
  ['https://localhost:6443', { HTTPS_PROXY }, undefined],
  ['https://127.0.0.1:6443', { HTTPS_PROXY }, undefined],
  ['https://[::1]:6443', { HTTPS_PROXY }, undefined],
  ['not a URL', { HTTPS_PROXY }, undefined],
])('%s with %j goes by %s', (server, env, expected) => {
  expect(proxyFor(server, env)).toBe(expected);
});

test.each<[string, string, boolean]>([
  [SERVER, '*', true],
  [SERVER, 'other.com, example.com', true],
  [SERVER, 'api.prod.example.com', true],
  [SERVER, '.example.com', true],
  [SERVER, '*.prod.example.com', true],
  [SERVER, 'EXAMPLE.com', true],
  [SERVER, 'example.com:6443', true],
  [SERVER, 'example.com:443', false],
  [SERVER, '.api.prod.example.com', false],
  [SERVER, 'ample.com', false],
  ['https://10.1.2.3:6443', '10.0.0.0/8', true],
  ['https://11.1.2.3:6443', '10.0.0.0/8', false],
  ['https://10.1.2.3', '10.1.2.3:443', true],
  ['https://10.1.2.3', '10.1.2.4', false],
  ['https://[fd00::1]:6443', 'fd00::/8', true],
  ['https://[fd00::1]:6443', 'fd00::1', true],
  ['https://[fd00::1]:6443', '[fd00::1]:6443', true],
  [SERVER, '10.0.0.0/99', false],
  [SERVER, ' , ', false],
])('%s is exempt by NO_PROXY "%s": %s', (server, NO_PROXY, isExempt) => {
  expect(proxyFor(server, { HTTPS_PROXY, NO_PROXY })).toBe(isExempt ? undefined : HTTPS_PROXY);
});
