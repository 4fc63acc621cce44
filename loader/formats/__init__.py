"""The formats that articles come in, one file each; `loader.articles` is the door to them."""
