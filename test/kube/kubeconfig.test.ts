import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import { oneContext, readKubeconfigs } from '../../src/kube/kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-syncer-kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (text: string): string => {
  const file = join(folder, `${Math.random()}.yaml`);
  writeFileSync(file, text);
  return file;
};

const layers = (count: number): string =>
  Array.from({ length: count }, (_, index) => {
    const below = index === 0 ? '"x"' : `*l${index - 1}`;
    return `  - &l${index} [${Array(10).fill(below).join(', ')}]`;
  }).join('\n');

describe('a kubeconfig whose aliases make it grow', () => {
  it('beyond all memory is refused at once: L2', () => {
    const file = write(`extensions:\n${layers(12)}\nclusters: []\n`);
    expect(() => readKubeconfigs([file])).toThrow(UsageError);
    expect(() => readKubeconfigs([file])).toThrow(/its aliases expand to more than 1000000 values/);
  });

  it('a little is read', () => {
    const file = write(
      'clusters:\n- name: a\n  cluster: &c { server: "https://a" }\n- name: b\n  cluster: *c\n',
    );
    const raw = readKubeconfigs([file]);
    expect(raw.clusters.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(oneContext(raw, 'none')).toContain('"contexts":[]');
  });
});
