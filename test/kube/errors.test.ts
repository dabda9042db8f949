import { expect, test } from 'vitest';
import { failureOfResponse, KubeApiError } from '../../src/kube/errors.ts';

const hintOf = (status: number, kubeconfig: string | undefined): string =>
  new KubeApiError({ context: 'dr site', kubeconfig }, 'x', failureOfResponse(status, '', undefined)).hint ??
  '';

test('the command in a hint is quoted, and names the kubeconfig of a flag', () => {
  expect(hintOf(401, '/etc/dr.yaml')).toContain(
    "kubectl --kubeconfig /etc/dr.yaml --context 'dr site' auth whoami",
  );
  expect(hintOf(403, undefined)).toContain("kubectl --context 'dr site' auth can-i --list");
});
