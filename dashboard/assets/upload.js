// The file box refuses a file that is too large without a word: say it, and take away what was shown of an earlier one.
(() => {
  const told = (event) => {
    const box = event.target instanceof Element ? event.target.closest("[data-most-bytes]") : null;
    const files = event.dataTransfer?.files ?? event.target.files;
    if (!box || !files?.length) return;
    const most = Number(box.dataset.mostBytes);
    const large = [...files].find((file) => file.size > most);
    const several = files.length > 1 && "Several files were chosen: send them one by one.";
    const words = large ? `${large.name} has ${(large.size / 1e6).toFixed(1)} MB, more than ${most / 1e6} MB: nothing was sent. Split it by month, or save it as CSV.` : several;
    if (!words) return;
    window.dash_clientside.set_props("upload-file", { contents: null });
    window.dash_clientside.set_props("upload-said", { children: words });
  };
  document.addEventListener("drop", told, true);
  document.addEventListener("change", told, true);
})();
