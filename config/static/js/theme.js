// Loaded before anything is painted, so that a page never flashes in the other colours.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch (_) {
      return "auto"; // a browser that keeps nothing
    }
  }

  function apply() {
    var mode = chosen();
    root.dataset.bsTheme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
    root.dataset.themeChoice = mode;
  }

  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  window.groundbreakTheme = {
    chosen: chosen,
    choose: function (mode) {
      try {
        localStorage.setItem("theme", mode);
      } catch (_) {
        root.dataset.bsTheme = mode;
      }
      apply();
    },
  };
})();
