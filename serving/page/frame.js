// What is around the content: light and dark, and files that are dropped anywhere.
import { $ } from "./dom.js";

const dark = () =>
  (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
export function themed() {
  const named = () => {
    $("theme").textContent = dark() ? "Light" : "Dark";
  };
  $("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    named();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", named);
  named();
}
export function dropped(onFile, onText) {
  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    const file = event.dataTransfer.files[0],
      text = event.dataTransfer.getData("text");
    if (file) onFile(file);
    else if (text) onText(text);
  });
}
