import { expect, test } from 'vitest';
import { failureOfNetwork } from '../../src/kube/api-errors.ts';
import { credentialProblem } from '../../src/kube/request-credentials.ts';

const spawned = (code: string): Error =>
  Object.assign(new Error(`spawn aws-notthere ${code}`), { code, syscall: 'spawn aws-notthere' });
const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws-notthere' } as const;

test('a credential plugin that is not there is named, with what the kubeconfig says about installing it', () => {
  expect(credentialProblem(spawned('ENOENT'), plugin)).toBe(
    'the credential plugin "aws-notthere" of the kubeconfig\'s user is not installed, or not on PATH',
  );
  const advised = { ...plugin, installHint: 'Get it from example.com.\nThen log in.' };
  expect(credentialProblem(spawned('ENOENT'), advised)).toMatch(
    /not on PATH \(Get it from example\.com\.\)$/,
  );
  expect(credentialProblem(spawned('EACCES'), plugin)).toMatch(/"aws-notthere" .* cannot be run \(EACCES\)$/);
});

test('what Node says to its own users is not passed on', () => {
  const error = Object.assign(
    new Error(
      'unable to get local issuer certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    ),
    { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' },
  );
  expect(failureOfNetwork(error)).toMatchObject({
    reason: 'TLS',
    detail: 'unable to get local issuer certificate (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)',
  });
});
