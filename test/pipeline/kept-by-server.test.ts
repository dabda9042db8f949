import { describe, expect, it } from 'vitest';
import { keptByServer } from '../../src/pipeline/kept-by-server.ts';
import { object } from '../helpers/objects.ts';

const service = (spec: Record<string, string>) => object('v1', 'Service', 'web', { spec });
const HEADLESS = service({ clusterIP: 'None' });

describe('a change that the server takes without making it', () => {
  it('A1: is a headless Service that shall get an address', () => {
    expect(keptByServer(service({ type: 'ClusterIP' }), HEADLESS)).toMatchObject({
      path: 'spec.clusterIP',
      failure: { status: 422 },
    });
  });

  it.each([
    ['a Service that stays headless', HEADLESS, HEADLESS],
    ['a Service that keeps its address', service({}), service({ clusterIP: '10.0.0.7' })],
    ['a Service that becomes headless', HEADLESS, service({ clusterIP: '10.0.0.7' })],
    ['a headless Service that becomes a name', service({ type: 'ExternalName' }), HEADLESS],
    ['another kind', object('v1', 'ConfigMap', 'web'), object('v1', 'ConfigMap', 'web')],
  ])('A1: is not %s', (_what, desired, live) => {
    expect(keptByServer(desired, live)).toBeUndefined();
  });
});
