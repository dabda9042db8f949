import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

const service = (spec: JsonObject): KubeObject => object('v1', 'Service', 'db', { spec });
const selecting = service({ selector: { app: 'db' } });
const selectorless = service({ ports: [{ port: 5432 }] });
const byHand = { ip: '10.1.2.3' };
const ofPod = { ip: '10.1.2.4', targetRef: { kind: 'Pod', name: 'db-0' } };
const OWN = 'skip: Service db has a selector, and the destination finds its endpoints itself';
const POD_ADDRESSES = 'skip: a controller of the source writes it: its addresses name pods';

describe('endpoints', () => {
  const endpoints = (subset: JsonObject = { addresses: [byHand] }, metadata: JsonObject = {}): KubeObject =>
    object('v1', 'Endpoints', 'db', { subsets: [subset], metadata });

  it('F22: leaves out the Endpoints of a Service with a selector', () => {
    expect(judged(endpoints(), [selecting])).toBe(OWN);
  });

  it.each(['addresses', 'notReadyAddresses'])('F22: leaves out Endpoints whose %s name pods', (field) => {
    expect(judged(endpoints({ [field]: [byHand, ofPod] }), [selectorless])).toBe(POD_ADDRESSES);
  });

  it('F22: leaves out Endpoints without a Service', () => {
    expect(judged(endpoints(), [object('serving.knative.dev/v1', 'Service', 'db')])).toBe(
      'skip: it belongs to no Service',
    );
  });

  it('F22: keeps hand-made Endpoints of a Service without a selector, and with an empty one', () => {
    expect(judged(endpoints(), [selectorless])).toBe('keep');
    expect(judged(endpoints(), [service({ selector: {} })])).toBe('keep');
  });

  it('F22: keeps the Services themselves, with or without a selector', () => {
    expect(judged(selecting)).toBe('keep');
    expect(judged(selectorless)).toBe('keep');
  });

  it('F22: leaves out Endpoints that are the lock of a leader election', () => {
    const lock = endpoints({}, { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } });
    expect(judged(lock, [selectorless])).toBe('skip: it is the lock of a leader election on the source');
  });
});

describe('leader-election', () => {
  const LEADER = { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{"holderIdentity":"a"}' } };

  it('F22: leaves out a ConfigMap that is only a lock', () => {
    expect(judged(object('v1', 'ConfigMap', 'lock', { metadata: LEADER, data: {} }))).toBe(
      'skip: it is the lock of a leader election on the source',
    );
  });

  it.each(['data', 'binaryData'])('F22: keeps a ConfigMap that is a lock and holds %s', (field) => {
    expect(judged(object('v1', 'ConfigMap', 'app', { metadata: LEADER, [field]: { key: 'eA==' } }))).toBe(
      'keep',
    );
  });

  it('F22: keeps an empty ConfigMap without a lock', () => {
    expect(judged(object('v1', 'ConfigMap', 'app'))).toBe('keep');
  });
});

describe('endpoint slices', () => {
  const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
  const slice = (labels: JsonObject = {}, addresses: JsonObject[] = [byHand]): KubeObject =>
    object('discovery.k8s.io/v1', 'EndpointSlice', 'db-1', {
      metadata: { labels: { 'kubernetes.io/service-name': 'db', ...labels } },
      endpoints: addresses,
    });

  it.each(['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'])(
    'F23: leaves out a slice of %s',
    (controller) => {
      expect(judged(slice({ [MANAGED_BY]: controller }), [selectorless])).toBe(
        'skip: the endpoint controllers of the destination create their own',
      );
    },
  );

  it.each([
    ['of a Service with a selector', slice(), [selecting], OWN],
    ['whose addresses name pods', slice({}, [ofPod]), [selectorless], POD_ADDRESSES],
    ['without a Service', slice(), [], 'skip: it belongs to no Service'],
  ])('F23: leaves out a slice %s', (_title, source, others, verdict) => {
    expect(judged(source, others)).toBe(verdict);
  });

  it.each([
    ['without a manager', slice()],
    ['with a manager of its own', slice({ [MANAGED_BY]: 'staff' })],
  ])('F23: keeps a hand-made slice %s', (_title, source) => {
    expect(judged(source, [selectorless])).toBe('keep');
  });
});
