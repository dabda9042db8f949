import type { KubeObject } from '../../kube/api-types.ts';
import { objectKey } from '../../kube/object-names.ts';
import { clone } from '../../kube/raw-json.ts';
import { holdHint, releasedObjects, tryHold } from '../../moves/hold-again-step.ts';
import type { Finding } from '../../needs/findings.ts';
import { releasePatch } from '../../pipeline/hold-addresses-again.ts';
import { releaseHeld } from '../../pipeline/transforms/all-transforms.ts';
import { applyMergePatch } from '../../pipeline/transforms/support/merge-patch.ts';
import { type Held, heldObjects, tryRelease } from '../../sides/release-held.ts';
import { whereIs } from '../../sides/side.ts';
import { tryCreate } from '../../sides/try-patches.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';
import { triedRows } from '../tried-findings.ts';

/**
 * Whether the destination takes what gives held Services their type back, and held objects their DNS annotations; and in
 * a failback what holds them again.
 */
export const checkRelease: CheckRow = {
  id: 'release',
  passed: 'The server allows held objects to be released, and released objects to be held again.',
  run: async (context) => {
    const { to, input } = context;
    if (input.kind === 'failback') return heldAgainRows(context);
    if (to.namespaceState === 'absent') return [];
    const options = { concurrency: input.options.concurrency, signal: input.signal };
    const staged = stagedHeld(context);
    const planned = new Set(staged.map(({ whole }) => objectKey(whole)));
    const held = (await heldObjects(to.side, input.signal)).filter(
      ({ object }) => !planned.has(objectKey(object)),
    );
    const tried = [
      ...(await tryRelease(to.side, held, ({ object }) => releasePatch(object), options)),
      ...(await tryRelease(
        to.side,
        staged.flatMap(({ type, live, whole }) => (live === undefined ? [] : { type, object: live, whole })),
        ({ whole }) => releasePatch(whole),
        options,
      )),
      ...(await tryCreate(
        to.side,
        staged.flatMap(({ type, live, whole }) =>
          live === undefined ? { type, object: released(whole) } : [],
        ),
        options,
      )),
    ];
    return triedRows(
      'release',
      tried,
      (name) => `to release ${name} in ${whereIs(to.side)}`,
      'Exempt it from what refuses that: it is held only until the destination starts.',
    );
  },
};

const heldAgainRows = async ({ from, input }: CheckContext): Promise<readonly Finding[]> => {
  if (from === undefined || from.namespaceState === 'absent') return [];
  const released = await releasedObjects(from.side, input.signal);
  const [first] = released;
  if (first === undefined) return [];
  const options = { concurrency: input.options.concurrency, signal: input.signal };
  return triedRows(
    'release',
    await tryHold(from.side, released, options),
    (name) => `to hold ${name} again in ${whereIs(from.side)}`,
    holdHint(from.side, first),
  );
};

interface StagedHeld extends Pick<Held, 'type'> {
  readonly live: KubeObject | undefined;
  /** As the stage of the cutover leaves it. */
  readonly whole: KubeObject;
}

// What the stage changes first is released in the state in which it leaves it.
const stagedHeld = ({ copy }: Pick<CheckContext, 'copy'>): StagedHeld[] =>
  (copy?.prepared ?? []).flatMap(({ item }) =>
    item === undefined || item.action === 'unchanged' || releaseHeld(item.whole) === undefined
      ? []
      : [{ type: item.type, live: item.live, whole: item.whole }],
  );

const released = (whole: KubeObject): KubeObject => {
  const object = clone(whole);
  applyMergePatch(object, releasePatch(whole) ?? {});
  return object;
};
