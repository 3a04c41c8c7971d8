"""Run by `python3 -m unittest tests/test_name.py`: neither WebAssembly nor a server."""

import unittest

from name import name_in


class NameTest(unittest.TestCase):
    def test_finds_a_name(self):
        self.assertEqual(name_in("Hi! My Name Is Ada Lovelace, and yours?"), "Ada Lovelace")

    def test_finds_none(self):
        for text in ["", "hello", "my name is ", "my name is ..."]:
            self.assertEqual(name_in(text), "", text)
