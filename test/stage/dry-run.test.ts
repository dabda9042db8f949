import { expect, test } from 'vitest';
import { marksTooLong } from '../../src/stage/dry-run-plan.ts';
import { object } from '../helpers/objects.ts';

test('annotations that are too long with our marks say whose they are', () => {
  const annotations = { note: 'x'.repeat(262_000), 'dr-syncer.io/parked': 'y'.repeat(181) };
  expect(marksTooLong(object('apps/v1', 'Deployment', 'web', { metadata: { annotations } }))).toBe(
    'its own annotations have 262004 bytes, and the annotations of dr-syncer need 200 more; shorten one at the source, or leave the object out with the label dr-syncer.io/ignore=true',
  );
});
