import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrder, readModuleTree } from "../../src/lab/order.ts";
import { planLab } from "../../src/lab/plan.ts";
import { findKernel, type BootKernel } from "../../src/lab/kernels.ts";

/** A relocatable file with nothing but a .modinfo: the least that is a module. */
function moduleFile(words: Record<string, string>): Buffer {
  const modinfo = Buffer.from(Object.entries(words).map(([key, value]) => `${key}=${value}\0`).join(""));
  const names = Buffer.from("\0.modinfo\0.shstrtab\0");
  const table = 64 + modinfo.length + names.length;
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(1, 16);
  header.writeUInt16LE(62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(table), 40);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  header.writeUInt16LE(2, 62);
  const section = (name: number, type: number, offset: number, size: number): Buffer => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeUInt32LE(type, 4);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(size), 32);
    entry.writeBigUInt64LE(1n, 48);
    return entry;
  };
  return Buffer.concat([header, modinfo, names, section(0, 0, 0, 0), section(1, 1, 64, modinfo.length), section(10, 3, 64 + modinfo.length, names.length)]);
}

let cache: string;
let kernel: BootKernel;
const before = process.env["OOPSCOPE_CACHE"];

/** A kernel in the cache, with the modules given: `path in the tree: what it depends on`. */
function makeKernel(release: string, modules: Record<string, string>, builtin: readonly string[]): BootKernel {
  const root = join(cache, "kernels", release);
  const tree = join(root, "lib/modules", release);
  mkdirSync(join(root, "boot"), { recursive: true });
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(root, "boot", `vmlinuz-${release}`), "image");
  for (const [path, depends] of Object.entries(modules)) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), moduleFile({ name: path.replace(/^.*\//, "").replace(".ko", "").replaceAll("-", "_"), depends, vermagic: `${release} SMP` }));
  }
  writeFileSync(join(tree, "modules.builtin"), builtin.map((path) => `${path}\n`).join(""));
  return { release, image: join(root, "boot", `vmlinuz-${release}`), arch: "x86_64", modules: tree };
}

beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "oopscope-lab-test-"));
  process.env["OOPSCOPE_CACHE"] = cache;
  kernel = makeKernel(
    "9.9.1-test",
    {
      "kernel/fs/9p/9p.ko": "9pnet,netfs",
      "kernel/fs/netfs.ko": "",
      "kernel/net/9pnet.ko": "",
      "kernel/net/9pnet_virtio.ko": "virtio_ring,9pnet,virtio",
      "kernel/drivers/virtio-ring.ko": "virtio",
      "kernel/drivers/virtio.ko": "",
      "kernel/drivers/virtio_pci.ko": "virtio-ring",
      "kernel/net/udp_tunnel.ko": "",
    },
    ["kernel/fs/overlayfs/overlay.ko"],
  );
  makeKernel("9.9.2-bare", {}, []);
});

afterAll(() => {
  rmSync(cache, { recursive: true });
  if (before === undefined) delete process.env["OOPSCOPE_CACHE"];
  else process.env["OOPSCOPE_CACHE"] = before;
});

describe("the order of modules", () => {
  it("puts each after what it depends on, once; `-` and `_` are one", async () => {
    const { modules, missing } = await loadOrder(await readModuleTree(kernel), ["virtio_pci", "9pnet_virtio", "9p", "overlay"]);
    expect(modules.map(({ name }) => name)).toEqual(["virtio", "virtio_ring", "virtio_pci", "9pnet", "9pnet_virtio", "netfs", "9p"]);
    expect(missing).toEqual([]);
  });

  it("a module of the user's own wins over the kernel's", async () => {
    const own = makeKernel("9.9.4-own", { "kernel/net/gtp.ko": "", "updates/dkms/gtp.ko": "" }, []);
    expect((await loadOrder(await readModuleTree(own), ["gtp"])).modules.map(({ path }) => path)).toEqual([join(own.modules!, "updates/dkms/gtp.ko")]);
  });

  it("names what the kernel does not have", async () => {
    expect((await loadOrder(await readModuleTree(kernel), ["nope", "overlay"])).missing).toEqual(["nope"]);
  });

  it("ends for modules that depend on one another", async () => {
    const odd = makeKernel("9.9.3-odd", { "kernel/a.ko": "b", "kernel/b.ko": "a" }, []);
    expect((await loadOrder(await readModuleTree(odd), ["a"])).modules.map(({ name }) => name)).toEqual(["b", "a"]);
  });
});

describe("before a boot", () => {
  const plan = (options: Parameters<typeof planLab>[0]): ReturnType<typeof planLab> => planLab({ kernel: "9.9.1-test", ...options }, false);
  const ko = (words: Record<string, string>): string => {
    const path = join(cache, `${words["name"]}.ko`);
    writeFileSync(path, moduleFile(words));
    return path;
  };

  it("a module's own dependencies come before it", async () => {
    const { guest } = await plan({ modules: [ko({ name: "gtp", depends: "udp_tunnel,virtio", vermagic: "9.9.1-test SMP" })] });
    expect(guest.modules.map(({ name }) => name)).toEqual(["udp_tunnel", "gtp"]);
  });

  it("a module for another kernel is refused", async () => {
    const path = ko({ name: "other", vermagic: "6.6.6 SMP" });
    await expect(plan({ modules: [path] })).rejects.toThrow(`\`${path}\` is built for kernel 6.6.6; the guest's kernel is 9.9.1-test`);
  });

  it("a dependency that nobody has is named", async () => {
    await expect(plan({ modules: [ko({ name: "lone", depends: "nobody", vermagic: "9.9.1-test SMP" })] })).rejects.toThrow("depends on nobody, which kernel 9.9.1-test does not have");
  });

  it("a file that is no module is refused", async () => {
    const path = join(cache, "text.ko");
    writeFileSync(path, "this is not an ELF file, but long enough to look at");
    await expect(plan({ modules: [path] })).rejects.toMatchObject({ name: "OopscopeError" });
    await expect(plan({ modules: [join(cache, "absent.ko")] })).rejects.toMatchObject({ code: "not-found" });
  });

  it("a kernel without virtio and 9p is refused", async () => {
    await expect(plan({ kernel: "9.9.2-bare" })).rejects.toThrow(
      "kernel 9.9.2-bare cannot mount the host's file system: it has neither built in nor as a module virtio_pci, 9pnet_virtio, 9p, overlay (CONFIG_VIRTIO_PCI, CONFIG_NET_9P_VIRTIO, CONFIG_9P_FS, CONFIG_OVERLAY_FS)",
    );
    await expect(plan({ kernel: "9.9.2-bare", root: "busybox" })).resolves.toMatchObject({ guest: { drivers: [] } });
  });

  it("by default the running kernel, else the newest, but no checked one while there is another", async () => {
    makeKernel("9.9.9-oopscope-kasan", {}, []);
    makeKernel("9.9.8-running", {}, []);
    expect((await findKernel(null, "9.9.8-running")).release).toBe("9.9.8-running");
    expect((await findKernel(null, "1.0-elsewhere")).release).toBe("9.9.8-running");
    for (const release of ["9.9.9-oopscope-kasan", "9.9.8-running"]) rmSync(join(cache, "kernels", release), { recursive: true });
  });

  it("a kernel that is not there, a script that is not there, a number that is none", async () => {
    await expect(plan({ kernel: "1.2.3" })).rejects.toThrow(/^no kernel `1.2.3`: at hand: /);
    await expect(plan({ kernel: "/nope/vmlinuz" })).rejects.toThrow("cannot read the kernel image `/nope/vmlinuz`");
    await expect(plan({ script: "/nope.sh" })).rejects.toThrow("cannot run the script `/nope.sh`: there is no such file");
    await expect(plan({ script: "/" })).rejects.toThrow("cannot run the script `/`: it is not a file");
    await expect(plan({ memory: 0 })).rejects.toThrow("memory must be a number above 0, not 0");
    await expect(plan({ scenario: "null-chain-kasan" })).rejects.toThrow(
      "scenario `null-chain-kasan` needs a kernel that is built with kasan, which 9.9.1-test is not (in oopscope's repository: scripts/lab-kernel.sh kasan)",
    );
    await expect(planLab({ scenario: "null-chain-kasan" }, false)).rejects.toThrow(
      "scenario `null-chain-kasan` needs a kernel that is built with kasan, which none at hand is (in oopscope's repository: scripts/lab-kernel.sh kasan)",
    );
    await expect(plan({ scenario: "nope" })).rejects.toThrow(/^no scenario `nope` among the \d+ there are$/);
    await expect(plan({ scenario: "null" })).rejects.toThrow(/^no scenario `null` among the \d+ there are; like it: init-null, null-call, null-chain, null-chain-kasan$/);
  });
});
