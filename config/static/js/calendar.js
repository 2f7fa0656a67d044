// Copying the private link.
(function () {
  "use strict";
  document.querySelectorAll("[data-copies]").forEach(function (button) {
    button.addEventListener("click", function () {
      var field = document.getElementById(button.dataset.copies);
      field.select();
      var copied = navigator.clipboard
        ? navigator.clipboard.writeText(field.value)
        : Promise.resolve(document.execCommand("copy"));
      copied.then(function () {
        button.querySelector("span").textContent = button.dataset.copied;
      }, function () { /* it is selected: the person copies it */ });
    });
  });
})();
