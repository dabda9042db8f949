import { expect, test } from 'vitest';
import { failureOfResponse, KubeApiError } from '../../src/kube/api-errors.ts';

const hintOf = (status: number, kubeconfig: string | undefined): string =>
  new KubeApiError({ context: 'dr site', kubeconfig }, 'x', failureOfResponse(status, '', undefined)).hint ??
  '';

test('the command in a hint is quoted, and names the kubeconfig of a flag', () => {
  expect(hintOf(401, '/etc/dr.yaml')).toContain(
    "kubectl --kubeconfig /etc/dr.yaml --context 'dr site' auth whoami",
  );
  expect(hintOf(403, undefined)).toContain("kubectl --context 'dr site' auth can-i --list");
});

test('S15: what a refusal is about is known from what the server said, whatever of it is hidden afterwards', () => {
  const said = (message: string, ...causes: string[]): string =>
    JSON.stringify({
      kind: 'Status',
      status: 'Failure',
      message,
      details: { causes: causes.map((cause) => ({ message: cause })) },
    });
  const aboutOf = (body: string): unknown => failureOfResponse(422, body, undefined).about;
  expect(
    aboutOf(said('ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable` is set')),
  ).toEqual(['immutable']);
  expect(aboutOf(said('it is invalid', 'provided port is already allocated'))).toEqual(['portTaken']);
  expect(aboutOf(said('all is well'))).toEqual([]);
});

test('a refusal for what a pod asks for is one, whoever of the namespace sets the bounds', () => {
  const aboutOf = (message: string): readonly string[] =>
    failureOfResponse(403, JSON.stringify({ kind: 'Status', status: 'Failure', message }), undefined).about;
  expect(aboutOf('pods "a" is forbidden: cpu max limit to request ratio per Container is 2')).toEqual([
    'resources',
  ]);
  expect(aboutOf('pods "a" is forbidden: failed quota: q: must specify limits.cpu')).toEqual(['resources']);
  expect(aboutOf('pods "a" is forbidden: exceeded quota: q')).toEqual(['quota', 'resources']);
});
