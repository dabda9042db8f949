import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecord } from '../../src/volumes/mover-output.ts';
import type { MoverEvent } from '../../src/volumes/mover-types.ts';

describe('parseRecord', () => {
  const V3 = '{"time":"2026-08-02T10:00:00Z","level":"INFO",';
  const rows: [title: string, line: string, event: MoverEvent][] = [
    [
      'a level between two others, which is no more than the lower one',
      '{"level":"DEBUG+3","msg":"beginning wait for 4 resources"}',
      { type: 'log', level: 'debug', message: 'beginning wait for 4 resources' },
    ],
    [
      'a level above an error',
      '{"level":"ERROR+2","msg":"x"}',
      { type: 'log', level: 'error', message: 'x' },
    ],
    [
      'a progress record of version 3, with the rate from its text',
      '{"time":"…","level":"DEBUG","msg":"     21,135,360  17%   19.67MB/s    0:00:04  ","migration_id":"x","strategy":"clusterip","progress":{"transferred":21135360,"total":124325647,"percentage":17},"source":"rsync"}',
      {
        type: 'progress',
        bytes: 21_135_360,
        total: 124_325_647,
        percent: 17,
        rate: 20_625_490,
        filesLeft: undefined,
        files: undefined,
        indeterminate: false,
        summary: false,
      },
    ],
    [
      'a progress record of version 2, in which the key `source` comes twice',
      '{"level":"DEBUG","source":"shop/data","dest":"dr/data","attempt_id":"a1b2c","msg":"  1,024  50%    1.00kB/s    0:00:01 (xfr#1, to-chk=3/5)","progress":{"transferred":1024,"total":2048,"percentage":50},"source":"rsync"}',
      {
        type: 'progress',
        bytes: 1024,
        total: 2048,
        percent: 50,
        rate: 1024,
        filesLeft: 3,
        files: 5,
        indeterminate: false,
        summary: false,
      },
    ],
    [
      'a progress line of version 1, which has no numbers of its own',
      '{"dest":"data","dest_ns":"dr","id":"a1b2c","level":"debug","msg":"  2,048 100%    2.00GB/s    0:00:00 (xfr#5, ir-chk=0/5)","source":"data","source_ns":"shop","time":"…"}',
      {
        type: 'progress',
        bytes: 2048,
        total: undefined,
        percent: 100,
        rate: 2 * 2 ** 30,
        filesLeft: 0,
        files: 5,
        indeterminate: false,
        summary: false,
      },
    ],
    [
      'a record at 0 percent as indeterminate',
      '{"level":"DEBUG","msg":"              0   0%    0.00kB/s    0:00:00  ","progress":{"transferred":0,"total":0,"percentage":0},"source":"rsync"}',
      {
        type: 'progress',
        bytes: 0,
        total: undefined,
        percent: 0,
        rate: 0,
        filesLeft: undefined,
        files: undefined,
        indeterminate: true,
        summary: false,
      },
    ],
    [
      'the last record, whose size is that of the tree',
      '{"level":"DEBUG","msg":"total size is 124,325,647  speedup is 1.00","progress":{"transferred":124325647,"total":124325647,"percentage":100},"source":"rsync"}',
      {
        type: 'progress',
        bytes: 124_325_647,
        total: 124_325_647,
        percent: 100,
        indeterminate: false,
        summary: true,
      },
    ],
    [
      'the newest part of a raw line with carriage returns',
      '  1,000  10%  1.00MB/s    0:00:01\r  2,000  20%  1.50MB/s    0:00:02',
      {
        type: 'progress',
        bytes: 2000,
        total: undefined,
        percent: 20,
        rate: 1_572_864,
        filesLeft: undefined,
        files: undefined,
        indeterminate: false,
        summary: false,
      },
    ],
    [
      'the id of version 3.2 and later',
      `${V3}"msg":"🔄 Attempting migration","migration_id":"dr-x-1","strategies":"local"}`,
      { type: 'identified', id: 'dr-x-1' },
    ],
    [
      'the id of version 2',
      `${V3}"msg":"🔄 Attempting migration","attempt_id":"a1b2c"}`,
      { type: 'identified', id: 'a1b2c' },
    ],
    [
      'the id of version 1, without its emoji',
      '{"id":"a1b2c","level":"info","msg":"Attempting migration"}',
      { type: 'identified', id: 'a1b2c' },
    ],
    [
      'the strategy in use',
      `${V3}"msg":"🚁 Attempt using strategy","strategy":"local"}`,
      { type: 'strategy', strategy: 'local' },
    ],
    [
      'a decline while it goes on',
      `${V3}"msg":"🦊 This strategy cannot handle this migration, will try the next one","strategy":"mount","reason":"other cluster"}`,
      { type: 'declined', strategy: 'mount', reason: 'other cluster' },
    ],
    [
      'a decline in the summary of version 3.6',
      `${V3}"msg":"🦊 Strategy declined the migration","strategy":"mount","outcome":"declined"}`,
      { type: 'declined', strategy: 'mount', reason: 'no reason given' },
    ],
    [
      'the failure of a strategy while it goes on',
      `${V3}"msg":"🔶 Migration failed with this strategy, will try with the remaining strategies","error":"no address"}`,
      { type: 'strategy-failed', strategy: undefined, error: 'no address' },
    ],
    [
      'the failure of a strategy in the summary, with diagnostics',
      `${V3}"msg":"❌ Strategy did not complete the migration","strategy":"local","outcome":"failed","error":"e","diagnostics":["d"]}`,
      { type: 'strategy-failed', strategy: 'local', error: 'e', diagnostics: '["d"]' },
    ],
    [
      'the last lines of the pod',
      `${V3}"msg":"📝 Last log lines of the failed job pod","pod":"p","tail":"a\\nb"}`,
      { type: 'pod-log', pod: 'p', text: 'a\nb' },
    ],
    [
      'vanished files',
      `${V3}"msg":"🔶 Completed with a warning: some files vanished","vanished_files":["/a"]}`,
      { type: 'vanished', message: '🔶 Completed with a warning: some files vanished: ["/a"]' },
    ],
    [
      'a failed cleanup',
      `${V3}"msg":"🔶 Cleanup failed, you might want to clean up manually","error":"timeout"}`,
      {
        type: 'cleanup-failed',
        message: '🔶 Cleanup failed, you might want to clean up manually: timeout',
      },
    ],
    [
      'success',
      `${V3}"msg":"✅ Migration succeeded","strategy":"local"}`,
      { type: 'succeeded', strategy: 'local' },
    ],
    [
      'the final error',
      `${V3}"msg":"❌ Failed to run","error":"migration failed: all strategies failed for this migration"}`,
      { type: 'failed', error: 'migration failed: all strategies failed for this migration' },
    ],
    [
      'any other record as a log line',
      '{"level":"WARN","msg":"🔶 Still waiting","error":"x"}',
      { type: 'log', level: 'warn', message: '🔶 Still waiting: x' },
    ],
    [
      'a logrus level that slog does not have',
      '{"level":"warning","msg":"w"}',
      { type: 'log', level: 'warn', message: 'w' },
    ],
    [
      'usage text as noise',
      'Error: unknown flag: --foo',
      { type: 'noise', text: 'Error: unknown flag: --foo' },
    ],
    ['broken JSON as noise', '{"msg": ', { type: 'noise', text: '{"msg":' }],
    ['a JSON list as noise', '["a"]', { type: 'noise', text: '["a"]' }],
    [
      'a terminal bar as noise',
      '📂 Copying data...  17% |███|',
      { type: 'noise', text: '📂 Copying data...  17% |███|' },
    ],
  ];
  it.each(rows)('D20, D21: reads %s', (_title, line, event) => {
    expect(parseRecord(line)).toEqual(event);
  });

  it('says nothing about an empty line', () => {
    for (const line of ['', '   ', '\r', ' \r\t']) expect(parseRecord(line)).toBeUndefined();
  });

  it('D19: takes any line without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ msg: value })),
        ),
        (line) => {
          const event = parseRecord(line);
          if (event !== undefined) expect(typeof event.type).toBe('string');
        },
      ),
    );
  });
});
