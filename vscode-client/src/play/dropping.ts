/** Files that are dropped on the page: texts are opened, data becomes tables. */

import { element } from "../panel/dom";

/** What is done with files. */
export interface DropActions {
  openText: (file: File) => void;
  addData: (files: File[]) => void;
}

/** Texts and data among files. */
export function sorted(files: readonly File[]): { texts: File[]; data: File[] } {
  const isText = (file: File): boolean => /\.(sql|txt)$/i.test(file.name);
  return { texts: files.filter(isText), data: files.filter((file) => !isText(file)) };
}

/** Watch for files that are dragged over the page; while there are some it says where they may be dropped. */
export function watchDrops(actions: DropActions): HTMLElement {
  const veil = element(
    "div",
    "veil",
    element("p", "", "Drop .csv and .parquet files to query them, .sql files to open them."),
  );
  veil.hidden = true;
  let inside = 0;
  const shows = (isShown: boolean): void => {
    veil.hidden = !isShown;
    if (!isShown) inside = 0;
  };
  // Before the editor, which would put a file's text in.
  const on = (name: "dragenter" | "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void): void =>
    window.addEventListener(
      name,
      (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        event.stopPropagation();
        act(event);
      },
      { capture: true },
    );
  on("dragenter", () => {
    inside += 1;
    shows(true);
  });
  on("dragover", (event) => {
    event.dataTransfer!.dropEffect = "copy";
  });
  on("dragleave", () => {
    inside -= 1;
    if (inside <= 0) shows(false);
  });
  on("drop", (event) => {
    shows(false);
    take([...event.dataTransfer!.files], actions);
  });
  return veil;
}

/** Do with files what their names say. */
export function take(files: readonly File[], actions: DropActions): void {
  const { texts, data } = sorted(files);
  if (texts[0] !== undefined) actions.openText(texts[0]);
  if (data.length > 0) actions.addData(data);
}
