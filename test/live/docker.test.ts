import { afterAll, describe, expect, test, vi } from 'vitest';
import { DockerSource } from '../../src/kube/docker.ts';
import type { KubeContainer } from '../../src/kube/reduce.ts';
import { Dockerd, noDocker } from '../helpers/dockerd.ts';
import { cleanUp, record, whyNot } from './recording.ts';

const dockerd = new Dockerd();
const IMAGE = 'trowel/quick:1';

async function reasonNot(): Promise<string | null> {
  const missing = noDocker();
  if (missing !== null) return missing;
  if (!(await dockerd.start())) return 'dockerd does not start here';
  dockerd.makeImage(IMAGE);
  return null;
}

const reason = await reasonNot();

afterAll(async () => {
  cleanUp();
  await dockerd.remove();
}, 30_000);

describe.skipIf(reason !== null)(`Docker (${reason ?? 'a daemon of our own'})`, () => {
  test.skipIf(whyNot() !== null)(
    `a container that is over at once has all its names, from its first event (${whyNot() ?? 'as root'})`,
    () => {
      const run = dockerd.command(
        'run',
        '--rm',
        '--network=none',
        '--name=brief',
        '--label=tier=front',
        '-v',
        '/usr:/host:ro',
        '-e',
        'PASSWORD=hunter2',
      );
      const recording = record([...run, IMAGE, '/quick'], ['--docker', dockerd.socket]);
      const fields = [
        'container.name',
        'container.type',
        'container.image',
        'container.label.tier',
        'container.mounts',
        'container.privileged',
      ] as const;
      const rows = recording.rows('proc.name=quick', fields);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows)
        expect(row).toEqual({
          'container.name': 'brief',
          'container.type': 'docker',
          'container.image': IMAGE,
          'container.label.tier': 'front',
          'container.mounts': '/usr:/host:ro:false:rprivate',
          'container.privileged': false,
        });
      expect(recording.count('container.id!=host and not container.name=brief')).toBe(0);
      expect(recording.count('proc.name=quick and fd.name=/etc/hostname')).toBeGreaterThan(0);
      expect(JSON.stringify([...recording.capture.dims.containers.all()])).not.toContain('hunter2');
    },
    60_000,
  );

  test('a daemon that is gone and back: that is told, and so is what is new', async () => {
    const told = new Map<string, KubeContainer>();
    const source = new DockerSource(dockerd.socket, { object: () => {}, gone: () => {}, container: (one) => told.set(one.name, one) });
    const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 50 });
    source.start();
    dockerd.docker('create', '--network=none', '--name=before', IMAGE, '/quick');
    await until(() => expect(told.get('before')).toMatchObject({ image: IMAGE, privileged: false }));
    expect(source.sourceError).toBeNull();
    await dockerd.stop();
    await until(() => expect(source.sourceError).toMatch(/^Docker at .* silent since \d\d:\d\d:\d\d: /));
    expect(await dockerd.start()).toBe(true);
    dockerd.docker('create', '--network=none', '--name=after', '--privileged', '-e', 'PASSWORD=hunter2', IMAGE, '/quick');
    await until(() => expect(told.get('after')).toMatchObject({ privileged: true }));
    expect(source.sourceError).toMatch(/was silent from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d$/);
    dockerd.docker('rename', 'before', 'renamed');
    await until(() => expect(told.has('renamed')).toBe(true));
    expect(JSON.stringify([...told.values()])).not.toContain('hunter2');
    source.stop();
  }, 60_000);
});
