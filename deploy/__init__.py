"""Handing the system out: the folder for offices without a network, what it is made of and under which licences."""
