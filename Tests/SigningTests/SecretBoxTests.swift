import Signing
import Testing

@Suite struct SecretBoxTests {
    @Test func `a box opens with its key and context only, and unchanged`() throws {
        let box = try #require(SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyBytes)))
        let other = try #require(SecretBox(key: [UInt8](repeating: 8, count: SecretBox.keyBytes)))
        let secret = Array("secret".utf8)
        let sealed = box.seal(secret, context: "a")
        #expect(box.open(sealed, context: "a") == secret)
        #expect(box.open(sealed, context: "b") == nil)
        #expect(other.open(sealed, context: "a") == nil)
        #expect(box.seal(secret, context: "a") != sealed, "each box has a nonce of its own")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(box.open(changed, context: "a") == nil, "byte \(index)")
        }
        for count in sealed.indices {
            #expect(box.open(Array(sealed[..<count]), context: "a") == nil, "cut off at \(count)")
        }
    }

    @Test func `a key has 32 bytes`() {
        #expect(SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyBytes - 1)) == nil)
        #expect(SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyBytes + 1)) == nil)
    }
}
