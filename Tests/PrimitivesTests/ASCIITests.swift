import Primitives
import Testing

@Suite struct ASCIITests {
    @Test func `every byte is classed as its character is`() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let isASCII = byte < 128
            #expect(ASCII.isDigit(byte) == ("0"..."9").contains(character), "\(byte)")
            #expect(ASCII.isLetter(byte) == (isASCII && character.isLetter), "\(byte)")
            #expect(
                ASCII.isUnreserved(byte) == (isASCII && (character.isLetter || "0123456789-._~".contains(character))))
            #expect(ASCII.hexValue(byte).map(Int.init) == (isASCII ? character.hexDigitValue : nil), "\(byte)")
            #expect(ASCII.lowercased(byte) == (("A"..."Z").contains(character) ? byte + 32 : byte), "\(byte)")
        }
    }
}
