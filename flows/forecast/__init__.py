"""What a command will take, before it begins: amounts, minutes and disk, from what was measured on this machine."""
