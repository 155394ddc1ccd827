"""The authority itself: builds, signs and publishes with whatever signer it is handed."""
