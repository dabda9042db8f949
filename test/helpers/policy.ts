import { api, applyYaml, deleteJson, type Side, waitUntil } from '../cluster/client.ts';

/** What a policy of a test refuses, and a request that shows that the server enforces it by now. */
export interface Policy {
  /** Plural names with their group, as `deployments.apps`; the core group has none. */
  readonly resource: string;
  readonly operations?: readonly ('CREATE' | 'UPDATE')[];
  /** A CEL expression that must hold. */
  readonly expression: string;
  /** What the server says when it does not. */
  readonly message: string;
  /** Sent as a dry run until the server refuses it with the message. */
  readonly probe: {
    readonly method: 'POST' | 'PATCH';
    /** Below the path of the type in the namespace: '' to create, `/web` to patch. */
    readonly name: string;
    readonly body: object;
  };
}

/**
 * Installs a ValidatingAdmissionPolicy for one namespace and resolves when it is enforced. Returns what removes it: it
 * belongs to the whole cluster and would outlive the namespace.
 */
export const enforce = async (
  side: Side,
  namespace: string,
  policy: Policy,
): Promise<() => Promise<void>> => {
  const [plural = '', ...rest] = policy.resource.split('.');
  const group = rest.join('.');
  const name = `${namespace}-${side}-${plural}`;
  await applyYaml(side, undefined, yamlOf(name, namespace, plural, group, policy));
  const root = group === '' ? '/api/v1' : `/apis/${group}/v1`;
  const { method, body } = policy.probe;
  const path = `${root}/namespaces/${namespace}/${plural}${policy.probe.name}?dryRun=All`;
  await waitUntil(`the policy of ${side} to be enforced`, async () => {
    const answer = await api(side)(method, path, {
      body,
      ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
    });
    return JSON.stringify(answer.body).includes(policy.message);
  });
  return async () => {
    await deleteJson(side, 'ValidatingAdmissionPolicyBinding', name);
    await deleteJson(side, 'ValidatingAdmissionPolicy', name);
  };
};

const yamlOf = (
  name: string,
  namespace: string,
  plural: string,
  group: string,
  { operations = ['CREATE', 'UPDATE'], expression, message }: Policy,
): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - { apiGroups: ["${group}"], apiVersions: [v1], operations: [${operations.join(', ')}], resources: [${plural}] }
  validations:
  - expression: ${JSON.stringify(expression)}
    message: ${JSON.stringify(message)}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name} }
spec:
  policyName: ${name}
  validationActions: [Deny]
  matchResources: { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${namespace} } } }
`;

/** A probe that makes a Service of this type. */
export const serviceProbe = (type: string): Policy['probe'] => ({
  method: 'POST',
  name: '',
  body: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'probe' },
    spec: { type, ports: [{ port: 80 }] },
  },
});
