// A workbook can be dropped onto the field that takes it.
(function () {
  "use strict";

  document.querySelectorAll("[data-drop]").forEach(function (area) {
    var input = area.querySelector("input[type=file]");
    ["dragenter", "dragover"].forEach(function (name) {
      area.addEventListener(name, function (event) {
        event.preventDefault();
        area.classList.add("is-over");
      });
    });
    ["dragleave", "drop"].forEach(function (name) {
      area.addEventListener(name, function (event) {
        event.preventDefault();
        area.classList.remove("is-over");
      });
    });
    area.addEventListener("drop", function (event) {
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
  });
})();
