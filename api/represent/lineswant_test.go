package represent

// wantLines is what the reference reader, h5py, says of sample.
const wantLines = `{"kind":"file","userblock":0}
{"path":"/","kind":"group","attrs":{}}
{"path":"/ext","kind":"link","link":"external","file":"other.h5","target":"/y"}
{"path":"/g","kind":"group","attrs":{"units":{"dtype":"vstr utf8","space":"scalar","shape":[],"sha256":"9250fd0d79eb9fcdf92e12e1103b41374d5d42942abf7e0ce3ed593b980e890b","value":["K"]}}}
{"path":"/g/up","kind":"link","link":"hard","same_as":"/"}
{"path":"/g/x","kind":"dataset","dtype":"<i4","space":"simple","shape":[2,2],"maxshape":[null,2],"layout":"chunked","chunks":[1,2],"filters":[],"fill":{"status":"user","value":7},"n":4,"sha256":"af60f2bfa5381887a3eec79d8719c47a1bbe45a6874b0a462e4f538e664eb7ff","first":[1,2,3,-4],"attrs":{}}
{"path":"/null","kind":"dataset","dtype":"<f4","space":"null","shape":null,"maxshape":null,"layout":"contiguous","chunks":null,"filters":[],"fill":{"status":"default"},"n":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","first":[],"attrs":{}}
{"path":"/soft","kind":"link","link":"soft","target":"/nowhere"}
{"path":"/z","kind":"link","link":"hard","same_as":"/g/x"}
`
