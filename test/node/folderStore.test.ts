import { mkdir, readdir, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { ArrayFileError, folderStore } from "../../src/node/index.js";
import { temporaryFolder } from "./temporaryFolder.js";

const folder = temporaryFolder();
const bytes = Uint8Array.of(1, 2, 3);

describe("folderStore", () => {
  test("writes, replaces, reads, lists and removes files", async () => {
    const store = folderStore(folder("deep/er"));
    expect(await store.list()).toEqual([]);
    expect(await store.read("a")).toBeUndefined();
    await store.remove("a");
    // Nothing is made before the first file is.
    await expect(readdir(folder("deep"))).rejects.toThrow("ENOENT");
    await store.write("b", bytes);
    await store.write("a", Uint8Array.of());
    await store.write("b", Uint8Array.of(9));
    expect(await store.list()).toEqual(["a", "b"]);
    expect(Array.from((await store.read("b"))!)).toEqual([9]);
    expect(await store.read("a")).toHaveLength(0);
    await store.remove("a");
    expect(await store.list()).toEqual(["b"]);
    expect(await folderStore(pathToFileURL(folder("deep/er"))).list()).toEqual(["b"]);
  });

  test("does not see folders and hidden files, and removes what a killed process left", async () => {
    const path = folder("left");
    await mkdir(`${path}/sub`, { recursive: true });
    for (const name of [".closerlook-123-4.tmp", ".hidden", "file"]) {
      await writeFile(`${path}/${name}`, "x");
    }
    const store = folderStore(path);
    expect(await store.list()).toEqual(["file"]);
    expect(await readdir(path)).toContain(".closerlook-123-4.tmp");
    await store.write("new", bytes);
    expect((await readdir(path)).toSorted()).toEqual([".hidden", "file", "new", "sub"]);
  });

  test("several writes at a time do not disturb each other", async () => {
    const store = folderStore(folder("many"));
    const names = Array.from({ length: 20 }, (_, i) => `file${i}`);
    await Promise.all(names.map((name, i) => store.write(name, Uint8Array.of(i))));
    const read = await Promise.all(names.map(async (name) => (await store.read(name))![0]));
    expect(read).toEqual(names.map((_, i) => i));
    expect(await readdir(folder("many"))).toHaveLength(20);
  });

  test("refuses what is no name or no bytes", async () => {
    const store = folderStore(folder("names"));
    for (const name of ["", "../a", "a/b", "/etc/passwd", ".", "..", ".hidden", "a\0"]) {
      await expect(store.write(name, bytes)).rejects.toThrow(RangeError);
      await expect(store.read(name)).rejects.toThrow(RangeError);
      await expect(store.remove(name)).rejects.toThrow(RangeError);
    }
    await expect(store.read(3 as never)).rejects.toThrow(
      "folderStore: name must be a string, got 3",
    );
    await expect(store.write("a", "text" as never)).rejects.toThrow(TypeError);
    expect(() => folderStore("")).toThrow("folderStore: path must be the path of a");
  });

  test("says which path cannot be used", async () => {
    await writeFile(folder("file"), "x");
    const store = folderStore(folder("file"));
    await expect(store.write("a", bytes)).rejects.toThrow(ArrayFileError);
    await expect(store.list()).rejects.toThrow(`folderStore: ${folder("file")}: `);
    const other = folderStore(folder("taken"));
    await mkdir(folder("taken/a"), { recursive: true });
    await expect(other.write("a", bytes)).rejects.toThrow(folder("taken"));
    await expect(other.read("a")).rejects.toThrow(ArrayFileError);
    await expect(other.remove("a")).rejects.toThrow(folder("taken/a"));
  });
});
