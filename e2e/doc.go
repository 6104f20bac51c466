// Package e2e looks at the whole house from outside: it starts the program as
// a user would, asks it with the clients that users have, and lets other
// people's HDF5 software read what comes back (package reference).
package e2e
