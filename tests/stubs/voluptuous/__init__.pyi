# Home Assistant replaces voluptuous by its own engine when it starts; this tells the type checker.
from probatio import *
