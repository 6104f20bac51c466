"""HDF5 datatypes in one line of text each, from the type as it is stored.

  <i4 >u2 <i4[0:17]        integers: order, sign, bytes; [offset:precision] where bits are unused
  <f4 >f8                  IEEE floats
  <f16{bits; spos epos esize mpos msize ebias norm pad}   any other float (order V: VAX)
  S10 nullpad ascii        fixed string: bytes, nullterm|nullpad|spacepad, ascii|utf8
  vstr utf8                variable string
  opaque(N,tag)  bits(<,N[offset:precision])  time(<,N)
  enum(BASE){name=value,...}                 members as stored
  vlen(BASE)  array(d0,d1)(BASE)  complex(BASE)
  compound(SIZE){name@offset:TYPE;...}
  ref(object)  ref(region)  ref(std)
Sizes and offsets are those that the library reports: a variable string counts 8 bytes there, a vlen 16.
"""
from h5py import h5t

COMPLEX = getattr(h5t, 'COMPLEX', 11)
IEEE = {2: (15, 10, 5, 0, 10, 15), 4: (31, 23, 8, 0, 23, 127), 8: (63, 52, 11, 0, 52, 1023)}
ORDERS = {h5t.ORDER_LE: '<', h5t.ORDER_BE: '>', 2: 'V'}
PADS = ('nullterm', 'nullpad', 'spacepad')


def text(b):
    """Bytes as JSON text; what is no UTF-8 becomes lone surrogates."""
    return b.decode('utf-8', 'surrogateescape') if isinstance(b, bytes) else b


def charset(t):
    return 'utf8' if t.get_cset() == h5t.CSET_UTF8 else 'ascii'


def message(t):
    """(order, offset, precision) of a bitfield or time type from its datatype message: h5py has no methods for these."""
    b = bytes(t.encode())[2:]
    words = [int.from_bytes(b[i:i + 2], 'little') for i in (8, 10)]
    offset, precision = (0, words[0]) if t.get_class() == h5t.TIME else words
    return '<>'[b[1] & 1], offset, precision


def is_ieee(t):
    size = t.get_size()
    return (size in IEEE and t.get_fields() + (t.get_ebias(),) == IEEE[size] and t.get_offset() == 0
            and t.get_precision() == 8 * size and t.get_order() in (h5t.ORDER_LE, h5t.ORDER_BE) and t.get_norm() == 0)


def integer(t):
    size, offset, precision = t.get_size(), t.get_offset(), t.get_precision()
    bits = '' if (offset, precision) == (0, 8 * size) else '[%d:%d]' % (offset, precision)
    return '%s%s%d%s' % (ORDERS.get(t.get_order(), '<'), 'i' if t.get_sign() else 'u', size, bits)


def floating(t):
    name = '%sf%d' % (ORDERS.get(t.get_order(), '|'), t.get_size())
    if is_ieee(t):
        return name
    fields = t.get_fields() + (t.get_ebias(), t.get_norm(), t.get_inpad())
    return '%s{%d; %s}' % (name, t.get_precision(), ' '.join('%d' % f for f in fields))


def string(t):
    if t.is_variable_str():
        return 'vstr ' + charset(t)
    return 'S%d %s %s' % (t.get_size(), PADS[t.get_strpad()], charset(t))


def enum(t):
    members = ['%s=%d' % (text(t.get_member_name(i)), t.get_member_value(i)) for i in range(t.get_nmembers())]
    return 'enum(%s){%s}' % (describe(t.get_super()), ','.join(members))


def compound(t):
    members = ['%s@%d:%s' % (text(t.get_member_name(i)), t.get_member_offset(i), describe(t.get_member_type(i)))
               for i in range(t.get_nmembers())]
    return 'compound(%d){%s}' % (t.get_size(), ';'.join(members))


def reference(t):
    if t.equal(h5t.STD_REF_OBJ):
        return 'ref(object)'
    return 'ref(region)' if t.equal(h5t.STD_REF_DSETREG) else 'ref(std)'


CLASSES = {
    h5t.INTEGER: integer,
    h5t.FLOAT: floating,
    h5t.STRING: string,
    h5t.ENUM: enum,
    h5t.COMPOUND: compound,
    h5t.REFERENCE: reference,
    h5t.OPAQUE: lambda t: 'opaque(%d,%s)' % (t.get_size(), text(t.get_tag())),
    h5t.BITFIELD: lambda t: 'bits(%s,%d[%d:%d])' % ((message(t)[0], t.get_size()) + message(t)[1:]),
    h5t.TIME: lambda t: 'time(%s,%d)' % (message(t)[0], t.get_size()),
    h5t.VLEN: lambda t: 'vlen(%s)' % describe(t.get_super()),
    h5t.ARRAY: lambda t: 'array(%s)(%s)' % (','.join('%d' % d for d in t.get_array_dims()), describe(t.get_super())),
    COMPLEX: lambda t: 'complex(%s)' % describe(t.get_super()),
}


def describe(t):
    return CLASSES[t.get_class()](t)


def is_variable(description):
    return 'vstr ' in description or 'vlen(' in description
