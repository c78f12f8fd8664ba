"""The HTTP end that Dovecot's decoy script asks: does this credential work?"""
